// The node of a recurrent layer. The products of all steps with W are one product, as are those of their
// gradients; only h R is computed step by step, where each thread takes its sequences through all steps.
//
//   {z = x W + b, transposes}, steps, ..., steps backward, {input gradient, gradients of W, R and b}
//
// Gradients read transposes, so that the weights may change in the phase of the input gradient.
#include <algorithm>
#include <cstring>
#include <memory>

#include "base/registry.hpp"
#include "base/text.hpp"
#include "fanin/error.hpp"
#include "layers/initial_values.hpp"
#include "layers/traits.hpp"
#include "plan/node.hpp"

namespace fanin {
namespace {

constexpr int kLinear = static_cast<int>(activation<Identity>);
// A thread's share of sequences is counted in this many parts, so that each has about as many steps.
constexpr std::size_t kParts = 64;
// The cost of the functions of a unit in a step, in flops of a product
constexpr double kFlopsOfUnit = 256;

// What the kinds have in common. Gates are in the order of their arrays, those of R from `first` on.
struct Cells {
  Cell cell;
  int activation;
  std::size_t units;
  bool all;  // steps, not the last one alone
  Initializer weights, recurrent, biases;
  std::vector<const char*> gates, recurrent_gates;
  double forget_bias = 0;
};

Cells cells_of(const Recurrent& l) {
  return {Cell::plain, static_cast<int>(l.activation), l.units, l.return_sequences, l.initializer,
          l.recurrent_initializer, l.bias_initializer, {""}, {""}};
}
Cells cells_of(const LSTM& l) {
  return {Cell::lstm, kLinear, l.units, l.return_sequences, l.initializer, l.recurrent_initializer,
          l.bias_initializer, {"input", "forget", "cell", "output"}, {"input", "forget", "cell", "output"},
          l.forget_bias};
}
Cells cells_of(const GRU& l) {
  return {Cell::gru, kLinear, l.units, l.return_sequences, l.initializer, l.recurrent_initializer,
          l.bias_initializer, {"candidate", "reset", "update"}, {"reset", "update", "candidate"}};
}

template <class T>
class RecurrentNode final : public Node<T> {
 public:
  template <class Kind>
  RecurrentNode(const Kind& layer, Declarations<T>& d) : RecurrentNode(cells_of(layer), d) {}

  RecurrentNode(const Cells& cells, Declarations<T>& d)
      : Node<T>(d, cells.units),
        cells_(cells),
        inputs_(d.columns),
        text_(d.text),
        stream_(d.dense),
        traits_(traits_of(cells.activation)),
        first_array_(d.table.trained.size()) {
    if (d.of_sequences) {
      throw ValueError(d.text + "needs the steps of sequences; expected return_sequences in the recurrent "
                                "layer before it");
    }
    if (d.depth > 0 && !cells.all) {
      throw ValueError(d.text + "return_sequences: expected true inside another layer, got false");
    }
    for (const char* gate : cells.gates) weights_.push_back(d.add(Role::weight, inputs_, units(), gate));
    for (const char* gate : cells.recurrent_gates) {
      recurrent_.push_back(d.add(Role::recurrent, units(), units(), gate));
    }
    for (const char* gate : cells.gates) biases_.push_back(d.add(Role::bias, 1, units(), gate));
    if (cells.cell == Cell::gru) biases_.push_back(d.add(Role::recurrent_bias, 1, units(), "candidate"));
    end_array_ = d.table.trained.size();
    d.count_weights(static_cast<double>(gates() * (inputs_ + units() + 1)), units());
    check_weights(cells.weights, inputs_, units(), d.text + "initializer: ");
    check_weights(cells.recurrent, units(), units(), d.text + "recurrent_initializer: ");
    check_biases(cells.biases, units(), d.text + "bias_initializer: ");
    d.dense += 2 * gates();
    d.widest = std::max(d.widest, matrices() * rounded<T>(units()));
    ++d.stages;
    d.new_value();
    d.recurs = true;
    d.carried += (is_lstm() ? 2 : 1) * rounded<T>(units());
    d.of_sequences = !cells.all;
    this->out.of_sequences = given_.of_sequences = d.of_sequences;
    steps_.of_sequences = true;
  }

  double flops() const override {
    return 2.0 * static_cast<double>(gates() * (inputs_ + units()) * units()) +
           kFlopsOfUnit * static_cast<double>(units());
  }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    in_ = &in;
    Value<T>& out = this->out;
    const std::size_t rows_out = out.of_sequences ? most.sequences : most.rows;
    out.even = out.odd = out.a = memory.matrix(rows_out, units());
    out.dz = memory.matrix(rows_out, units());
    gates_ = memory.take(matrices() * Panels<T>{nullptr, most.rows, units()}.size());
    before_ = memory.matrix(most.rows, units());
    memory_ = keeps_memory() ? memory.matrix(most.rows, units()) : nullptr;
    sequences_ = most.sequences;
    for (T** of_sequences : {&h_, &dh_}) *of_sequences = memory.matrix(sequences_, units());
    for (T** of_cells : {&c_, &dc_}) *of_cells = is_lstm() ? memory.matrix(sequences_, units()) : nullptr;
    turned_ = memory.take(gates() * turned_size(units()));
    turned_weights_ = in.ahead ? nullptr : memory.take(gates() * turned_size(inputs_));
    const double length = static_cast<double>(most.rows) / static_cast<double>(std::max<std::size_t>(1, sequences_));
    run_.cost = length * (flops_of(units()) + kFlopsOfUnit * static_cast<double>(units()));
    run_backward_.cost = run_.cost;
  }

  void forward(Plan<T>& plan) override {
    plan.later(turn_);
    plan.phase(forward_);
    plan.phase(run_);
    plan.phase(give_);
    this->out.made_by = &give_;
  }
  void link(const std::vector<bool>& trained) override {
    trains_ = false;
    for (std::size_t i = first_array_; i < end_array_; ++i) trains_ = trains_ || trained[i];
    this->out.needs_gradient = in_->needs_gradient || trains_;
    input_gradient_.follow = in_->linear && in_->dz_transposed == nullptr ? in_->after_gradient : &pass_;
    pass_.follow = in_->after_gradient;
  }
  void backward(Plan<T>& plan, bool to_parameters) override {
    if (!this->out.needs_gradient) return;
    plan.phase(run_backward_);
    if (to_parameters && trains_) {
      plan.later(weight_gradient_);
      plan.later(recurrent_gradient_);
    }
    if (in_->needs_gradient) plan.phase(input_gradient_);
  }

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    const Range panels = panels_of<T>(columns);
    switch (part) {
      case kTurn:
        return turn(step.parameters, panels);
      case kForward:
        return multiply(gates_, in_->out(step.batch), step.parameters, panels, rows);
      case kInputGradient:
        return input_gradient(step, panels, rows);
      case kPass: {
        const Panels<const T> dx = read_only(in_->panels(in_->dz, step.batch));
        return kernels<T>().pass_gradient(gradient_through(*in_, step.batch, dx), panels);
      }
      case kWeightGradient:
        return gradient(step, weights_, true, 0, read_only(in_->out(step.batch)), panels, rows);
      default:
        return gradient(step, recurrent_, false, matrices() - gates(),
                        {before_, step.batch.rows, units()}, panels, rows);
    }
  }

  void initialize(T* parameters, std::uint64_t seed) const override {
    const auto fan_of = [&](std::size_t inputs, double variance) {
      return Fan{static_cast<double>(inputs), static_cast<double>(units()), variance};
    };
    std::uint64_t stream = stream_;
    for (std::size_t k = 0; k < gates(); ++k) {
      const Fan fan = fan_of(inputs_, traits_.fan_in_variance), within = fan_of(units(), 1);
      const Panels<T> bias{parameters + biases_[k], 1, units()};
      draw_initial_values<T>(cells_.weights, {text_ + "initializer: ", {parameters + weights_[k], inputs_, units()},
                                              fan, seed, stream, 0});
      draw_initial_values<T>(cells_.biases,
                             {text_ + "bias_initializer: ", bias, fan, seed, stream++, inputs_});
      draw_initial_values<T>(cells_.recurrent, {text_ + "recurrent_initializer: ",
                                                {parameters + recurrent_[k], units(), units()},
                                                within, seed, stream++, 0});
      for (std::size_t j = 0; k == kForget && j < units(); ++j) {
        bias.at(0, j / kPanel<T>)[j % kPanel<T>] += static_cast<T>(cells_.forget_bias);
      }
    }
  }

  void predict(Flow<T>& flow) const override {
    const Timeline& window = *flow.time.window;
    const std::size_t rows = flow.x.rows;
    const Panels<T> gates = flow.take(matrices() * rounded<T>(units())), before = flow.take(units()),
                    memory = keeps_memory() ? flow.take(units()) : Panels<T>{};
    Panels<T> out = flow.take(units());
    const Panels<T> h = flow.carry(units()), c = is_lstm() ? flow.carry(units()) : Panels<T>{};
    const T* const parameters = flow.net.parameters;
    multiply(gates.data, flow.x, parameters, {0, this->gates() * of_gate().count()}, {0, rows});
    Recurrence<T> r = recurrence(parameters, window, gates.data, rows);
    r.before = before;
    r.memory = memory;
    if (cells_.all) r.out = out;
    r.h = h;
    r.c = c;
    kernels<T>().recur(r, {0, window.sequences});
    flow.ended = !cells_.all && !flow.time.ends;
    if (!cells_.all) {
      out.rows = h.rows;
      std::memcpy(out.data, h.data, h.size() * sizeof(T));
    }
    flow.made(out);
  }

 private:
  enum Part { kTurn, kForward, kInputGradient, kPass, kWeightGradient, kRecurrentGradient };
  static constexpr std::size_t kForget = 1;

  // The jobs whose rows are parts of the sequences
  struct Steps final : Work<T> {
    explicit Steps(const RecurrentNode& of) : node(of) {}
    void run(int backward, const StepOf<T>& step, Range, Range parts) const override {
      const Range sequences = node.sequences_of(*step.batch.time, parts);
      backward != 0 ? node.run_backward(step, sequences) : node.run_steps(step, sequences);
    }
    const RecurrentNode& node;
  };
  // What others may follow: the output is there already.
  struct Given final : Work<T> {
    void run(int, const StepOf<T>&, Range, Range) const override {}
  };

  std::size_t units() const { return cells_.units; }
  std::size_t gates() const { return cells_.gates.size(); }
  bool is_lstm() const { return cells_.cell == Cell::lstm; }
  bool keeps_memory() const { return is_lstm() || (cells_.cell == Cell::plain && traits_.needs_input); }
  std::size_t matrices() const { return gates() + (cells_.cell == Cell::gru ? 1 : 0); }
  Panels<T> of_gate() const { return {nullptr, 1, units()}; }
  std::size_t turned_size(std::size_t columns) const { return Panels<T>{nullptr, units(), columns}.size(); }
  double flops_of(std::size_t inputs) const { return 2.0 * static_cast<double>(gates() * inputs * units()); }
  // Columns of all gates' panels, for jobs that are divided by panels
  std::size_t columns_of_gates() const { return gates() * of_gate().count() * kPanel<T>; }

  // f(gate, panels of it) for panels of all gates
  template <class F>
  void for_each_gate(Range panels, F&& f) const {
    const std::size_t count = of_gate().count();
    for (std::size_t k = panels.begin / count; k * count < panels.end; ++k) {
      f(k, Range{std::max(panels.begin, k * count) - k * count,
                 std::min(panels.end, (k + 1) * count) - k * count});
    }
  }

  // Sequences of about as many steps as these parts
  Range sequences_of(const Timeline& time, Range parts) const {
    const auto steps_of_first = [&](std::size_t sequences) {
      std::size_t steps = 0;
      for (std::size_t t = 0; t < time.length; ++t) {
        steps += std::min<std::size_t>(sequences, time.begins[t + 1] - time.begins[t]);
      }
      return steps;
    };
    const auto border = [&](std::size_t part) {
      if (part == kParts) return time.sequences;
      std::size_t low = 0, high = time.sequences;
      while (low < high) {
        const std::size_t middle = (low + high) / 2;
        steps_of_first(middle) * kParts < part * time.rows() ? low = middle + 1 : high = middle;
      }
      return low;
    };
    return {border(parts.begin), border(parts.end)};
  }

  // z = x W + b, for panels of all gates
  void multiply(T* z, Panels<T> x, const T* parameters, Range panels, Range rows) const {
    const std::size_t size = Panels<T>{nullptr, x.rows, units()}.size();
    for_each_gate(panels, [&](std::size_t k, Range of_gate) {
      kernels<T>().forward({{z + k * size, x.rows, units()},
                            {},
                            read_only(x),
                            {parameters + weights_[k], inputs_, units()},
                            parameters + biases_[k],
                            kLinear},
                           of_gate, rows);
    });
  }

  Recurrence<T> recurrence(const T* parameters, const Timeline& time, T* gates, std::size_t rows) const {
    return {cells_.cell,
            cells_.activation,
            time.begins,
            time.length,
            {gates, rows, units()},
            {},
            {},
            {},
            !cells_.all,
            {},
            {},
            time.continues,
            {parameters + recurrent_[0], units(), units()},
            parameters + biases_.back()};
  }
  Recurrence<T> recurrence(const StepOf<T>& step) const {
    const Timeline& time = *step.batch.time;
    const std::size_t rows = time.rows();
    const auto of_sequences = [&](T* data) { return Panels<T>{data, sequences_, units()}; };
    Recurrence<T> r = recurrence(step.parameters, time, gates_, rows);
    r.before = {before_, rows, units()};
    r.memory = {memory_, rows, units()};
    r.out = {this->out.a, cells_.all ? rows : time.sequences, units()};
    r.h = of_sequences(h_);
    r.c = of_sequences(c_);
    return r;
  }
  void run_steps(const StepOf<T>& step, Range sequences) const {
    kernels<T>().recur(recurrence(step), sequences);
  }
  void run_backward(const StepOf<T>& step, Range sequences) const {
    const Recurrence<T> r = recurrence(step);
    kernels<T>().recur_backward({r,
                                 {this->out.dz, r.out.rows, units()},
                                 {dh_, sequences_, units()},
                                 {dc_, sequences_, units()},
                                 {turned_, units(), units()}},
                                sequences);
  }

  // The transposes of R, and of W if the input gradient needs them, by panels of their rows
  void turn(const T* parameters, Range panels) const {
    for (std::size_t k = 0; k < gates(); ++k) {
      const Panels<const T> r{parameters + recurrent_[k], units(), units()},
          w{parameters + weights_[k], inputs_, units()};
      const Panels<T> of_r{turned_ + k * turned_size(units()), units(), units()},
          of_w{turned_weights_ + k * turned_size(inputs_), units(), inputs_};
      const auto those_of = [&](const Panels<T>& m) {
        return Range{std::min(panels.begin, m.count()), std::min(panels.end, m.count())};
      };
      kernels<T>().turn(r, of_r, those_of(of_r));
      if (in_->needs_gradient) kernels<T>().turn(w, of_w, those_of(of_w));
    }
  }

  // dx = dz W'
  void input_gradient(const StepOf<T>& step, Range panels, Range rows) const {
    const std::size_t n = step.batch.rows, size = Panels<T>{nullptr, n, units()}.size();
    for (std::size_t k = 0; k < gates(); ++k) {
      Forward<T> f{in_->panels(in_->dz, step.batch),
                   {},
                   {gates_ + k * size, n, units()},
                   {turned_weights_ + k * turned_size(inputs_), units(), inputs_},
                   nullptr,
                   kLinear};
      f.onto = k > 0;
      kernels<T>().forward(f, panels, rows);
    }
  }

  // Of arrays for each gate, from x and the gates' gradients, of which the first is matrix `first`; and of
  // biases of x, or that of the candidate's h R
  void gradient(const StepOf<T>& step, const std::vector<std::size_t>& offsets, bool of_x, std::size_t first, Panels<const T> x, Range panels, Range rows) const {
    const std::size_t n = step.batch.rows, size = Panels<T>{nullptr, n, units()}.size();
    for_each_gate(panels, [&](std::size_t k, Range of_gate) {
      const bool has_bias = of_x || (first > 0 && k + 1 == gates());
      const std::size_t biases = of_x ? biases_[k] : biases_.back();
      WeightGradient<T> g{step.sink.whole, *step.update, offsets[k], biases, x,
                          {gates_ + (first + k) * size, n, units()}};
      g.into = step.sink.into;
      g.batch_weight = step.sink.batch_weight;
      kernels<T>().weight_gradient(g, of_gate, rows);
      if (rows.begin == 0 && has_bias) kernels<T>().bias_gradient(g, of_gate);
    });
  }

  const Cells cells_;
  const std::size_t inputs_;
  const std::string text_;
  const std::uint64_t stream_;
  const ActivationTraits traits_;
  const std::size_t first_array_;
  std::size_t end_array_ = 0;
  std::vector<std::size_t> weights_, recurrent_, biases_;  // in the table

  Value<T>* in_ = nullptr;
  std::size_t sequences_ = 0;  // at most
  T *gates_ = nullptr, *before_ = nullptr, *memory_ = nullptr;
  T *h_ = nullptr, *c_ = nullptr, *dh_ = nullptr, *dc_ = nullptr;  // of sequences
  T *turned_ = nullptr, *turned_weights_ = nullptr;
  bool trains_ = true;
  Steps steps_{*this};
  Given given_;
  Job<T> turn_{"transpose", this, kTurn, std::max(units(), inputs_), kPanel<T>, kAll, 1};
  Job<T> forward_{"forward", this, kForward, columns_of_gates(), kPanel<T>, kRowBlock, flops_of(inputs_)};
  Job<T> run_{"steps", &steps_, 0, 1, kAll, 1, 0, kParts};
  Job<T> give_{"give", &given_, 0, units(), kPanel<T>, kRowBlock, 0};
  Job<T> run_backward_{"steps backward", &steps_, 1, 1, kAll, 1, 0, kParts};
  Job<T> input_gradient_{"input gradient", this, kInputGradient, inputs_, kPanel<T>, kRowBlock,
                         flops_of(inputs_)};
  Job<T> pass_ = following("pass gradient", this, kPass, inputs_);
  Job<T> weight_gradient_{"weights", this, kWeightGradient, columns_of_gates(), kPanel<T>, kRowBlock,
                          flops_of(inputs_), inputs_};
  Job<T> recurrent_gradient_{"recurrent weights", this, kRecurrentGradient, columns_of_gates(), kPanel<T>,
                             kRowBlock, flops_of(units()), units()};
};

}  // namespace

FANIN_NODE(Recurrent, RecurrentNode)
FANIN_NODE(GRU, RecurrentNode)
FANIN_NODE(LSTM, RecurrentNode)

}  // namespace fanin
