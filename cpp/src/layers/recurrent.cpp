// The node of a recurrent layer. The products of all steps with W are one product, as are those of their
// gradients; only h R is computed step by step, where each thread takes its sequences through all steps.
//
//   {z = x W + b, transposes}, steps, ..., steps backward, {input gradient, gradients of W, R and b}
//
// Gradients read transposes, so that the weights may change in the phase of the input gradient.
#include <cstring>
#include <memory>

#include "fanin/error.hpp"
#include "layers/gates.hpp"

namespace fanin {
namespace {

constexpr int kNone = static_cast<int>(activation<Identity>);
// A thread's share of sequences is counted in this many parts, so that each has about as many steps.
constexpr std::size_t kParts = 64;
// The cost of the functions of a unit in a step, in flops of a product
constexpr double kFlopsOfUnit = 256;

RecurrentKind recurrent_kind(const Recurrent& l) {
  return {Cell::plain,
          static_cast<int>(l.activation),
          l.units,
          l.return_sequences,
          l.initializer,
          l.recurrent_initializer,
          l.bias_initializer,
          {""},
          {""}};
}
RecurrentKind recurrent_kind(const LSTM& l) {
  const std::vector<const char*> gates = {"input", "forget", "cell", "output"};
  return {Cell::lstm,         kNone, l.units, l.return_sequences, l.initializer, l.recurrent_initializer,
          l.bias_initializer, gates, gates,   l.forget_bias};
}
RecurrentKind recurrent_kind(const GRU& l) {
  return {Cell::gru,
          kNone,
          l.units,
          l.return_sequences,
          l.initializer,
          l.recurrent_initializer,
          l.bias_initializer,
          {"candidate", "reset", "update"},
          {"reset", "update", "candidate"}};
}

template <class T>
class RecurrentNode final : public Node<T> {
 public:
  template <class Kind>
  RecurrentNode(const Kind& layer, Declarations<T>& d) : RecurrentNode(recurrent_kind(layer), d) {}

  RecurrentNode(const RecurrentKind& kind, Declarations<T>& d)
      : Node<T>(d, kind.units),
        kind_(kind),
        inputs_(d.columns),
        traits_(traits_of(kind.activation)),
        first_array_(d.table.trained.size()),
        gates_(kind, d),
        end_array_(d.table.trained.size()) {
    if (d.of_sequences) {
      throw ValueError(d.text +
                       "needs the steps of sequences; expected return_sequences in the recurrent "
                       "layer before it");
    }
    if (d.depth > 0 && !kind.all) {
      throw ValueError(d.text + "return_sequences: expected true inside another layer, got false");
    }
    d.widest = std::max(d.widest, gates_.matrices() * rounded<T>(units()));
    ++d.stages;
    d.new_value();
    d.recurs = true;
    d.carried += (is_lstm() ? 2 : 1) * rounded<T>(units());
    d.of_sequences = !kind.all;
    this->out.of_sequences = given_.of_sequences = d.of_sequences;
    steps_.of_sequences = true;
  }

  double flops() const override { return gates_.flops(inputs_) + flops_of_step(); }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    in_ = &in;
    Value<T>& out = this->out;
    const std::size_t rows_out = out.of_sequences ? most.sequences : most.rows;
    out.even = out.odd = out.a = memory.matrix(rows_out, units());
    out.dz = memory.matrix(rows_out, units());
    z_ = memory.take(gates_.matrices() * gates_.size(most.rows));
    before_ = memory.matrix(most.rows, units());
    memory_ = keeps_memory() ? memory.matrix(most.rows, units()) : nullptr;
    sequences_ = most.sequences;
    for (T** of_sequences : {&h_, &dh_}) *of_sequences = memory.matrix(sequences_, units());
    for (T** of_cells : {&c_, &dc_}) *of_cells = is_lstm() ? memory.matrix(sequences_, units()) : nullptr;
    turned_ = memory.take(gates_.count() * gates_.turned_size(units()));
    turned_weights_ = in.ahead ? nullptr : memory.take(gates_.count() * gates_.turned_size(inputs_));
    const auto sequences = static_cast<double>(std::max<std::size_t>(1, sequences_));
    run_.cost = run_backward_.cost = flops_of_step() * static_cast<double>(most.rows) / sequences;
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
        return gates_.turn(step.parameters, turned_, in_->needs_gradient ? turned_weights_ : nullptr, panels);
      case kForward:
        return gates_.multiply(z_, in_->out(step.batch), step.parameters, panels, rows);
      case kInputGradient:
        return gates_.input_gradient(in_->panels(in_->dz, step.batch), z_, turned_weights_, panels, rows);
      case kPass: {
        const Panels<const T> dx = read_only(in_->panels(in_->dz, step.batch));
        return kernels<T>().pass_gradient(gradient_through(*in_, step.batch, dx), panels);
      }
      case kWeightGradient:
        return gates_.gradient(step, true, read_only(in_->out(step.batch)), z_, panels, rows);
      default:
        return gates_.gradient(step, false, {before_, step.batch.rows, units()}, z_, panels, rows);
    }
  }

  void initialize(T* parameters, std::uint64_t seed) const override { gates_.initialize(parameters, seed); }

  void predict(Flow<T>& flow) const override {
    const Timeline& window = *flow.time.window;
    const std::size_t rows = flow.x.rows;
    T* const z = flow.take(gates_.matrices() * rounded<T>(units())).data;
    const Panels<T> before = flow.take(units()), memory = keeps_memory() ? flow.take(units()) : Panels<T>{};
    Panels<T> out = flow.take(units());
    gates_.multiply(z, flow.x, flow.net.parameters, {0, gates_.panels()}, {0, rows});
    Recurrence<T> r = recurrence(flow.net.parameters, window, z);
    r.before = before;
    r.memory = memory;
    r.h = flow.carry(units());
    if (is_lstm()) r.c = flow.carry(units());
    if (kind_.all) r.out = out;
    kernels<T>().recur(r, {0, window.sequences});
    flow.ended = !kind_.all && !flow.time.ends;
    if (!kind_.all) {
      out.rows = r.h.rows;
      std::memcpy(out.data, r.h.data, r.h.size() * sizeof(T));
    }
    flow.made(out);
  }

 private:
  enum Part { kTurn, kForward, kInputGradient, kPass, kWeightGradient, kRecurrentGradient };

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

  std::size_t units() const { return kind_.units; }
  bool is_lstm() const { return kind_.cell == Cell::lstm; }
  bool keeps_memory() const { return is_lstm() || (kind_.cell == Cell::plain && traits_.needs_input); }
  double flops_of_step() const { return gates_.flops(units()) + kFlopsOfUnit * static_cast<double>(units()); }
  std::size_t columns_of_gates() const { return gates_.panels() * kPanel<T>; }

  Job<T> job_of_steps(const char* name, int backward) {
    Job<T> job{name, &steps_, backward, 1, kAll, 1, 0, kParts};
    job.at_once = true;
    return job;
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
      std::size_t low = 0, high = time.sequences;
      while (part < kParts && low < high) {
        const std::size_t middle = (low + high) / 2;
        steps_of_first(middle) * kParts < part* time.rows() ? low = middle + 1 : high = middle;
      }
      return high;
    };
    return {border(parts.begin), border(parts.end)};
  }

  Recurrence<T> recurrence(const T* parameters, const Timeline& time, T* z) const {
    Recurrence<T> r{kind_.cell, kind_.activation, time.begins, time.length, {z, time.rows(), units()}};
    r.last = !kind_.all;
    r.continues = time.continues;
    r.weights = gates_.recurrent(parameters);
    r.bias = gates_.recurrent_bias(parameters);
    return r;
  }
  Recurrence<T> recurrence(const StepOf<T>& step) const {
    const Timeline& time = *step.batch.time;
    Recurrence<T> r = recurrence(step.parameters, time, z_);
    r.before = {before_, time.rows(), units()};
    r.memory = {memory_, time.rows(), units()};
    r.out = {this->out.a, kind_.all ? time.rows() : time.sequences, units()};
    r.h = {h_, sequences_, units()};
    r.c = {c_, sequences_, units()};
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

  const RecurrentKind kind_;
  const std::size_t inputs_;
  const ActivationTraits traits_;
  const std::size_t first_array_;
  const Gates<T> gates_;
  const std::size_t end_array_;

  Value<T>* in_ = nullptr;
  std::size_t sequences_ = 0;  // at most
  T *z_ = nullptr, *before_ = nullptr, *memory_ = nullptr;
  T *h_ = nullptr, *c_ = nullptr, *dh_ = nullptr, *dc_ = nullptr;  // of sequences
  T *turned_ = nullptr, *turned_weights_ = nullptr;
  bool trains_ = true;
  Steps steps_{*this};
  Given given_;
  Job<T> turn_{"transpose", this, kTurn, std::max(units(), inputs_), kPanel<T>, kAll, 1};
  Job<T> forward_{"forward", this, kForward, columns_of_gates(), kPanel<T>, kRowBlock, gates_.flops(inputs_)};
  Job<T> run_ = job_of_steps("steps", 0), run_backward_ = job_of_steps("steps backward", 1);
  Job<T> give_{"give", &given_, 0, units(), kPanel<T>, kRowBlock, 0};
  Job<T> input_gradient_{"input gradient", this,      kInputGradient,       inputs_,
                         kPanel<T>,        kRowBlock, gates_.flops(inputs_)};
  Job<T> pass_ = following("pass gradient", this, kPass, inputs_);
  Job<T> weight_gradient_{"weights", this,      kWeightGradient,       columns_of_gates(),
                          kPanel<T>, kRowBlock, gates_.flops(inputs_), inputs_};
  Job<T> recurrent_gradient_{"recurrent weights", this,      kRecurrentGradient,    columns_of_gates(),
                             kPanel<T>,           kRowBlock, gates_.flops(units()), units()};
};

}  // namespace

FANIN_NODE(Recurrent, RecurrentNode)
FANIN_NODE(GRU, RecurrentNode)
FANIN_NODE(LSTM, RecurrentNode)

}  // namespace fanin
