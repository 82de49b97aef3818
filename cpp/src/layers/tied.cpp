// The node of a layer with the transposed weights of an earlier dense layer. Its products are those of a
// dense layer with a transposed copy of the weights. The gradient of the weights is that of the earlier
// layer's product with x and dz exchanged, (x w')' = w x', and the earlier layer adds its own: the step needs
// the whole gradient.
#include <memory>
#include <string>

#include "base/registry.hpp"
#include "base/text.hpp"
#include "fanin/error.hpp"
#include "layers/initial_values.hpp"
#include "layers/traits.hpp"
#include "plan/node.hpp"

namespace fanin {
namespace {

template <class T>
SharedWeights& shared_weights(const Tied& layer, Declarations<T>& d) {
  if (d.depth > 0) throw ValueError(d.text + "a Tied inside a Residual; expected one in the network's list");
  const std::string text = d.text + "layer: ", number = std::to_string(layer.layer);
  for (SharedWeights& found : d.dense_layers) {
    if (found.layer + 1 != layer.layer) continue;
    if (found.normalized) {
      throw ValueError(
          text + "layer " + number +
          " has batch norm, or follows one; expected a Dense without, because prediction folds it "
          "into the weights");
    }
    if (found.units == d.columns) return found;
    throw ValueError(text + "layer " + number + " has " + std::to_string(found.units) +
                     " units; its transposed weights need as many inputs, got " + std::to_string(d.columns));
  }
  throw ValueError(text + "expected the number of an earlier Dense, got " + number);
}

template <class T>
class TiedNode final : public Node<T> {
 public:
  TiedNode(const Tied& layer, Declarations<T>& d) : TiedNode(layer, shared_weights(layer, d), d) {}

  double flops() const override {
    return 2.0 * static_cast<double>(weights_.units) * static_cast<double>(columns());
  }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    in_ = &in;
    Value<T>& out = this->out;
    out.activation = activation_;
    out.linear = out.activation == static_cast<int>(activation<Identity>);
    out.even = out.odd = out.a = memory.matrix(rows, columns());
    out.dz = memory.matrix(rows, columns());
    out.z = traits_.needs_input ? memory.matrix(rows, columns()) : nullptr;
    out.dz_transposed = few_units<T>(columns()) ? nullptr : memory.matrix(columns(), rows);
    turned_ = memory.matrix(weights_.units, columns());
    turn_.cost = flops() / static_cast<double>(rows);
  }

  void prepare(Plan<T>& plan) override { plan.phase(turn_); }
  void forward(Plan<T>& plan) override {
    plan.phase(forward_);
    this->out.made_by = &forward_;
  }

  void link(const std::vector<bool>& trained) override {
    trains_weights_ = trained[weights_.array];
    trains_biases_ = trained[biases_array_];
    this->out.needs_gradient = in_->needs_gradient || trains_weights_ || trains_biases_;
    input_gradient_.follow = in_->after_gradient;
  }

  // Gradients are stored as a whole, so that the weights stay as they are in the meantime. The phase ends
  // before the earlier layer adds its part: if its weights are trained, there is a gradient of the input.
  void backward(Plan<T>& plan, bool to_parameters) override {
    if (to_parameters && trains_weights_) plan.later(weight_gradient_);
    if (to_parameters && trains_biases_) plan.later(bias_gradient_);
    if (in_->needs_gradient) plan.phase(input_gradient_);
  }

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    const Batch batch = step.batch;
    const Value<T>& out = this->out;
    const Panels<const T> dz = read_only(out.panels(out.dz, batch));
    switch (part) {
      case kTurn:
        return kernels<T>().turn(weights_of(step.parameters), turned_in(turned_), panels_of<T>(columns));
      case kForward:
        return kernels<T>().forward(
            {out.out(batch), out.panels(out.z, batch), read_only(in_->out(batch)),
             read_only(turned_in(turned_)), step.parameters + biases_, out.activation},
            panels_of<T>(columns), rows);
      case kInputGradient: {
        const PassedGradient<T> g = gradient_through(*in_, batch, {});
        return kernels<T>().input_gradient(
            {g.dz, g.dz_transposed, read_only(turned_in(turned_)), dz,
             read_only(out.transposed(out.dz_transposed, batch)), g.z, g.a, g.activation, g.mask, g.kept},
            panels_of<T>(rows), columns);
      }
      case kBiasGradient:
        return kernels<T>().bias_gradient(gradient(step, {}, dz), panels_of<T>(columns));
      default: {
        WeightGradient<T> g = gradient(step, dz, read_only(in_->out(batch)));
        if (onto_) g.into = onto(g.into);
        kernels<T>().weight_gradient(g, panels_of<T>(columns), rows);
      }
    }
  }

  void initialize(T* parameters, std::uint64_t seed) const override {
    const Fan fan{static_cast<double>(weights_.units), static_cast<double>(columns()),
                  traits_.fan_in_variance};
    draw_initial_values<T>(
        bias_initializer_,
        {text_ + "bias_initializer: ", {parameters + biases_, 1, columns()}, fan, seed, stream_, 0});
  }

  void fold(T* folded, const T* parameters, const RunningStatistics<T>&,
            const Normalizer<T>*) const override {
    const Panels<T> turned = turned_in(folded + folded_);
    kernels<T>().turn(weights_of(parameters), turned, {0, turned.count()});
  }

  void predict(Flow<T>& flow) const override {
    const Panels<T> y = flow.take(columns()), z = traits_.needs_input ? flow.take(columns()) : Panels<T>{};
    const T* const parameters = flow.net.parameters;
    kernels<T>().forward(
        {y, z, read_only(flow.x), turned_in(parameters + folded_), parameters + biases_, activation_},
        flow.share(y.count()), {0, y.rows});
    flow.made(y, z);
  }

 private:
  enum Part { kTurn, kForward, kInputGradient, kWeightGradient, kBiasGradient };

  TiedNode(const Tied& layer, SharedWeights& of, Declarations<T>& d)
      : Node<T>(d, of.inputs),
        weights_(of),
        bias_initializer_(layer.bias_initializer),
        text_(d.text),
        stream_(d.dense++),
        activation_(static_cast<int>(layer.activation)),
        traits_(traits_of(activation_)),
        biases_array_(d.table.trained.size()),
        biases_(d.add(Role::bias, 1, of.inputs)) {
    check_initializers(Dense{of.inputs, layer.activation, Zeros{}, layer.bias_initializer}, of.units, text_);
    *of.onto = true;
    of.onto = &onto_;
    d.turn(of, folded_);
    ++d.stages;
    d.new_value();
  }

  std::size_t columns() const { return this->out.columns; }
  Panels<const T> weights_of(const T* parameters) const {
    return {parameters + weights_.offset, weights_.inputs, weights_.units};
  }
  template <class U>
  Panels<U> turned_in(U* memory) const {
    return {memory, weights_.units, columns()};
  }
  WeightGradient<T> gradient(const StepOf<T>& step, Panels<const T> x, Panels<const T> dz) const {
    WeightGradient<T> g{step.sink.whole, *step.update, weights_.offset, biases_, x, dz};
    g.into = step.sink.into;
    g.batch_weight = step.sink.batch_weight;
    return g;
  }

  const SharedWeights weights_;  // (columns, inputs)
  const Initializer bias_initializer_;
  const std::string text_;
  const std::uint64_t stream_;
  const int activation_;
  const ActivationTraits traits_;
  const std::size_t biases_array_, biases_;
  std::size_t folded_ = 0;  // where the folded parameters have the transposed weights
  bool onto_ = false;       // a later layer with the same weights writes their gradient first

  Value<T>* in_ = nullptr;
  T* turned_ = nullptr;
  bool trains_weights_ = true, trains_biases_ = true;
  Job<T> turn_{"turn", this, kTurn, columns(), kPanel<T>, kAll, 0, 1};
  Job<T> forward_{"forward", this, kForward, columns(), kPanel<T>, kRowBlock, flops()};
  Job<T> input_gradient_{"input gradient", this,      kInputGradient, weights_.units,
                         kRowBlock,        kPanel<T>, flops()};
  Job<T> weight_gradient_{"weights", this,      kWeightGradient, weights_.units,
                          kPanel<T>, kRowBlock, flops(),         columns()};
  Job<T> bias_gradient_{
      "biases", this, kBiasGradient, columns(), kPanel<T>, kAll, static_cast<double>(columns()), 1};
};

}  // namespace

FANIN_NODE(Tied, TiedNode)

}  // namespace fanin
