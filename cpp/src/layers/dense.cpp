// The node of a dense layer: three products, with optional batch norm.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/registry.hpp"
#include "base/text.hpp"
#include "fanin/error.hpp"
#include "layers/coded_weights.hpp"
#include "layers/dense_tangents.hpp"
#include "layers/initial_values.hpp"
#include "layers/sparse_weights.hpp"
#include "layers/traits.hpp"
#include "plan/jobs_across.hpp"

namespace fanin {
namespace {

constexpr int kIdentity = static_cast<int>(activation<Identity>);

template <class T>
class DenseNode final : public Node<T> {
 public:
  DenseNode(const Dense& layer, Declarations<T>& d)
      : Node<T>(d, layer.units),
        layer_(layer),
        inputs_(d.columns),
        text_(d.text),
        stream_(d.dense++),
        traits_(traits_of(static_cast<int>(layer.activation))),
        before_(std::exchange(d.into_next, nullptr)),
        first_element_(d.table.elements()),
        first_array_(d.table.trained.size()),
        weights_(d.add(Role::weight, inputs_, layer.units)) {
    if (!layer.batch_norm) {
      biases_ = d.add(Role::bias, 1, layer.units);
    } else if (d.frozen == nullptr) {
      norm_.emplace(*layer.batch_norm, layer.units, d);
      biases_ = norm_->shift;
    } else {  // a frozen batch norm and the activation follow as nodes of their own
      activation_ = kIdentity;
    }
    end_array_ = d.table.trained.size();
    d.count_weights(static_cast<double>(inputs_) + 1, layer.units);
    check_initializers(layer, inputs_, d.text);
    const bool normalized = layer.batch_norm || before_ != nullptr;
    d.share({d.layer, inputs_, layer.units, weights_, first_array_, normalized, &onto_});
    ++d.stages;
    d.new_value();
    if (before_ != nullptr) before_->in_next = true;
  }

  double flops() const override { return flops_of_units(2.0 * static_cast<double>(dense_inputs_)) + codes_; }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    in_ = &in;
    Value<T>& out = this->out;
    out.activation = activation_;
    out.linear = out.activation == kIdentity;
    out.even = out.odd = out.a = memory.matrix(rows, columns());
    out.dz = memory.matrix(rows, columns());
    out.z = traits_.needs_input ? memory.matrix(rows, columns()) : nullptr;
    dz_transposed_ = in.ahead || few_units<T>(columns()) ? nullptr : memory.matrix(columns(), rows);
    out.dz_transposed = norm_ ? nullptr : dz_transposed_;
    bind_codes(memory, rows);
    sparse_.bind(in.sparse, weights_, columns(), out.dz);
    if (sparse_.exist()) {
      dense_inputs_ = 0;
      codes_ = forward_.cost = sparse_.flops();
    }
    if (!norm_) return;
    products_.columns = columns();
    products_.of_sequences = this->of_sequences;
    products_.even = products_.odd = memory.matrix(rows, columns());
    norm_->bind(products_, memory, rows);
    across_.bind(*norm_, out.dz);
  }

  void prepare(Plan<T>& plan) override {
    if (coded_.exist()) plan.phase(tables_);
  }
  void forward(Plan<T>& plan) override {
    if (coded_.exist()) plan.later(sort_);
    if (sparse_.exist()) sparse_.meet(plan);
    plan.phase(forward_);
    this->out.made_by = &forward_;
    if (!norm_) return;
    forward_.follow = across_.forward(plan, normalize_);
    this->out.made_by = &normalize_;
  }

  void link(const std::vector<bool>& trained) override {
    trains_weights_ = trained[first_array_];
    trains_others_ = false;
    for (std::size_t i = first_array_ + 1; i < end_array_; ++i) trains_others_ = trains_others_ || trained[i];
    this->out.needs_gradient = in_->needs_gradient || trains_weights_ || trains_others_;
    const bool normalizes = norm_ && this->out.needs_gradient;
    this->out.after_gradient = normalizes ? across_.first(normalize_backward_) : nullptr;
    input_gradient_.follow = in_->after_gradient;
    tangents_.link();
    const std::size_t rows = trains_weights_ ? dense_inputs_ : 0;
    weight_gradient_.rows = std::max<std::size_t>(rows, 1);
    weight_gradient_.cost = flops_of_units(rows > 0 ? 2.0 * static_cast<double>(rows) : 1);
  }

  void bind_tangents(Carver<T>& memory, std::size_t rows) override {
    tangents_.bind({in_, &this->out, dz_transposed_, inputs_, weights_, biases_, first_element_}, memory,
                   rows, traits_.bends && !this->out.linear);
  }
  void tangent(Plan<T>& plan) override { tangents_.tangent(plan); }
  void second_tangent(Plan<T>& plan) override { tangents_.second_tangent(plan); }
  void tangent_backward(Plan<T>& plan) override { tangents_.tangent_backward(plan); }
  void jacobian(Batch batch, Range rows, const Panels<T>& to, std::size_t first) const override {
    tangents_.jacobian(batch, rows, to, first);
  }
  void squares(Plan<T>& plan) override { tangents_.squares(plan); }

  void backward(Plan<T>& plan, bool to_parameters) override {
    if (this->out.after_gradient != nullptr) across_.backward(plan, normalize_backward_);
    if (in_->needs_gradient) plan.phase(input_gradient_);
    if (!to_parameters) return;
    if (trains_weights_ || trains_others_) plan.later(weight_gradient_);
    if (trains_weights_ && coded_.exist()) plan.later(coded_gradient_);
    if (trains_weights_ && sparse_.exist()) sparse_.backward(plan);
  }

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    switch (part) {
      case kForward:
        return run_forward(step, columns, rows);
      case kNorm:
        return norm_->forward(step, this->out.a, this->out.z, this->out.activation, columns);
      case kInputGradient:
        return run_input_gradient(step, columns, rows);
      case kNormBackward:
        return norm_->backward(step, this->out.dz, dz_transposed_, columns);
      case kTables:
        return coded_.prepare(weights_of(step.parameters), panels_of<T>(columns), rows);
      case kSort:
        return coded_.sort(step.batch, columns);
      case kCodes:
        return coded_.gradient(weight_gradient(step), step.batch, panels_of<T>(columns), rows);
      default:
        return run_weight_gradient(step, columns, rows);
    }
  }

  void initialize(T* parameters, std::uint64_t seed) const override {
    if (norm_) norm_->initialize(parameters);
    const Fan fan{static_cast<double>(inputs_), static_cast<double>(columns()), traits_.fan_in_variance};
    draw_initial_values<T>(layer_.initializer,
                           {text_ + "initializer: ", weights_of(parameters), fan, seed, stream_, 0});
    draw_initial_values<T>(
        layer_.bias_initializer,
        {text_ + "bias_initializer: ", {parameters + biases_, 1, columns()}, fan, seed, stream_, inputs_});
  }

  void fold(T* folded, const T* parameters, const RunningStatistics<T>& statistics,
            const Normalizer<T>* watched) const override {
    if (norm_ && &*norm_ == watched) {
      std::fill_n(folded + biases_, rounded<T>(columns()), T{0});
    } else if (norm_) {
      norm_->fold_into_columns(weights_of(folded), folded + biases_, folded, parameters, statistics);
    }
    if (before_ != nullptr) {
      before_->fold_into_rows(weights_of(folded), folded + biases_, folded, parameters, statistics);
    }
  }

  void predict(Flow<T>& flow) const override {
    const bool watched = norm_ && &*norm_ == flow.watched;
    const Panels<T> y = flow.take(columns()),
                    z = traits_.needs_input && !watched ? flow.take(columns()) : Panels<T>{};
    const T* const parameters = flow.net.parameters;
    const auto codes = std::exchange(flow.codes, {});
    const auto sparse = std::exchange(flow.sparse, {});
    kernels<T>().forward(
        {y, z, read_only(flow.x), weights_of(parameters), parameters + biases_,
         watched ? kIdentity : activation_, codes.batch, codes.table, codes.constants, sparse},
        flow.share(y.count()), {0, y.rows});
    flow.made(y, z);
    flow.ended = watched;
  }

 private:
  enum Part { kForward, kNorm, kInputGradient, kNormBackward, kWeightGradient, kTables, kSort, kCodes };

  std::size_t columns() const { return this->out.columns; }
  double flops_of_units(double flops) const { return flops * static_cast<double>(columns()); }

  // Makes the jobs fit coded columns, if the input has any
  void bind_codes(Carver<T>& memory, std::size_t rows) {
    coded_.bind(in_->coded, memory, columns());
    if (!coded_.exist()) return;
    dense_inputs_ = in_->columns;
    const double update = flops_of_units(coded_.update_flops() / static_cast<double>(rows)),
                 values = flops_of_units(coded_.flops());
    codes_ = values + update;
    forward_.cost = flops_of_units(2.0 * static_cast<double>(dense_inputs_)) + values;
    coded_gradient_.rows = tables_.rows = sort_.columns = coded_.columns();
    coded_gradient_.cost = codes_;
    tables_.cost = update;
    sort_.cost = kSortFlops * static_cast<double>(coded_.columns());
  }
  template <class U>
  Panels<U> weights_of(U* parameters) const {
    return {parameters + weights_, inputs_, columns()};
  }

  void run_forward(const StepOf<T>& step, Range columns, Range rows) const {
    const Value<T>& out = this->out;
    const bool plain = norm_.has_value();
    Forward<T> f{plain ? products_.out(step.batch) : out.out(step.batch),
                 plain ? Panels<T>{} : out.panels(out.z, step.batch),
                 read_only(in_->out(step.batch)),
                 weights_of(step.parameters),
                 plain || biases_ == kNoBiases ? nullptr : step.parameters + biases_,
                 plain ? kIdentity : out.activation};
    if (coded_.exist()) coded_.add_to(f, step.batch);
    if (sparse_.exist()) f.sparse = sparse_.of(step.batch);
    kernels<T>().forward(f, panels_of<T>(columns), rows);
  }

  void run_input_gradient(const StepOf<T>& step, Range columns, Range rows) const {
    const Batch batch = step.batch;
    const PassedGradient<T> g = gradient_through(*in_, batch, {});
    kernels<T>().input_gradient(
        {g.dz, g.dz_transposed, weights_of(step.parameters), read_only(this->out.panels(this->out.dz, batch)),
         read_only(this->out.transposed(dz_transposed_, batch)), g.z, g.a, g.activation, g.mask, g.kept},
        panels_of<T>(rows), columns);
  }

  WeightGradient<T> weight_gradient(const StepOf<T>& step) const {
    WeightGradient<T> g{step.sink.whole,
                        *step.update,
                        weights_,
                        biases_,
                        read_only(in_->out(step.batch)),
                        read_only(this->out.panels(this->out.dz, step.batch))};
    if (norm_) {
      g.dgamma = norm_->dgamma();
      g.dbeta = norm_->dbeta();
      g.gamma_offset = norm_->scale;
    }
    g.into = step.sink.into;
    g.batch_weight = step.sink.batch_weight;
    g.weight_rows = inputs_;
    return g;
  }

  void run_weight_gradient(const StepOf<T>& step, Range columns, Range rows) const {
    WeightGradient<T> g = weight_gradient(step);
    if (rows.begin == 0 && biases_ != kNoBiases) kernels<T>().bias_gradient(g, panels_of<T>(columns));
    if (onto_) g.into = onto(g.into);
    if (trains_weights_ && dense_inputs_ > 0) kernels<T>().weight_gradient(g, panels_of<T>(columns), rows);
  }

  const Dense layer_;
  static constexpr double kSortFlops = 128;  // of a value, in flops that take as long

  const std::size_t inputs_;
  std::size_t dense_inputs_ = inputs_;  // those that are not coded
  const std::string text_;
  const std::uint64_t stream_;
  const ActivationTraits traits_;
  Normalizer<T>* const before_;  // a batch-norm layer that prediction folds into the weights
  const std::size_t first_element_, first_array_, weights_;  // in one vector of all parameters; in the table
  std::size_t biases_ = kNoBiases, end_array_;
  int activation_ = static_cast<int>(layer_.activation);
  std::optional<Normalizer<T>> norm_;
  JobsAcross<T> across_{columns()};

  Value<T>* in_ = nullptr;
  Value<T> products_;  // if they are normalized
  T* dz_transposed_ = nullptr;
  CodedWeights<T> coded_;
  SparseWeights<T> sparse_;
  DenseTangents<T> tangents_{inputs_, columns()};
  double codes_ = 0;  // flops for a row of coded columns, or of sparse ones
  bool trains_weights_ = true, trains_others_ = true;
  bool onto_ = false;  // a later layer with the same weights writes their gradient first
  Job<T> forward_{"forward", this, kForward, columns(), kPanel<T>, kRowBlock, flops()};
  Job<T> normalize_ = following("normalize", this, kNorm, columns());
  Job<T> input_gradient_{"input gradient", this, kInputGradient, inputs_, kRowBlock, kPanel<T>, flops()};
  Job<T> normalize_backward_ = following("batch norm backward", this, kNormBackward, columns());
  Job<T> weight_gradient_{"weights", this, kWeightGradient, columns(), kPanel<T>, kRowBlock, flops()};
  Job<T> tables_{"tables", this, kTables, columns(), kPanel<T>, 1, 0};
  Job<T> sort_{"sort", this, kSort, 0, 1, kAll, 0};
  Job<T> coded_gradient_{"codes", this, kCodes, columns(), kPanel<T>, 1, 0};
};

}  // namespace

FANIN_NODE(Dense, DenseNode)

}  // namespace fanin
