// The node of a dropout: it directly follows its operand, on the same thread. Prediction skips it.
#include <cmath>
#include <memory>

#include "base/random.hpp"
#include "base/registry.hpp"
#include "fanin/error.hpp"
#include "plan/node.hpp"

namespace fanin {
namespace {

constexpr double kNumbers = 0x1p16;  // the number of values of a 16-bit random number

// How many of them mean that a value is dropped: at most all but one
std::uint32_t dropped_of(double rate) {
  const double nearest = std::round(rate * kNumbers);
  return static_cast<std::uint32_t>(nearest < kNumbers ? nearest : kNumbers - 1);
}

std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }

template <class T>
class DropoutNode final : public Node<T> {
 public:
  DropoutNode(const Dropout& layer, Declarations<T>& d)
      : Node<T>(d, d.columns), dropped_(dropped_of(layer.rate)), word_(word_of_dropout(d.number)) {
    if (d.before == nullptr || !std::holds_alternative<Dropout>(d.before->kind)) return;
    throw ValueError(d.text +
                     "a Dropout directly after a Dropout; expected only one, with the combined rate");
  }

  // Inputs are dropped in place. The gradient passes through the dropout and the preceding activation in one
  // pass; without an activation nothing needs the mask afterwards.
  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    Value<T>& out = this->out;
    in_ = &in;
    out = in;
    out.linear = false;
    out.mask.scale = static_cast<T>(kNumbers / (kNumbers - dropped_));
    if (in.gathered) return;
    out.carve(memory, rows, in);
    out.a = in.a;
    if (in.ahead) return;
    const std::size_t bytes = rows * DropoutMask<T>::kBytes * Panels<T>{nullptr, rows, in.columns}.count();
    out.mask.bits = reinterpret_cast<std::uint8_t*>(memory.take((bytes + sizeof(T) - 1) / sizeof(T)));
  }

  void show(std::vector<std::pair<std::string, const Value<T>*>>&) const override {}
  void forward(Plan<T>&) override {
    in_->made_by->follow = &drop_;
    this->out.made_by = &drop_;
  }

  void link(const std::vector<bool>&) override {
    this->out.needs_gradient = in_->needs_gradient;
    this->out.after_gradient = in_->after_gradient;
  }
  void backward(Plan<T>&, bool) override {}

  void run(int, const StepOf<T>& step, Range columns, Range rows) const override {
    const RandomState& random = step.random;
    kernels<T>().drop({this->out.out(step.batch),
                       read_only(in_->out(step.batch)),
                       this->out.mask,
                       {low(random.seed), low(random.seed >> 32)},
                       {low(step.batch.number), low(random.epoch), word_},
                       dropped_,
                       step.batch.row},
                      panels_of<T>(columns), rows);
  }

  void predict(Flow<T>&) const override {}

 private:
  const std::uint32_t dropped_, word_;
  Value<T>* in_ = nullptr;
  Job<T> drop_ = following("drop", this, 0, this->out.columns, Grain::block);
};

}  // namespace

FANIN_NODE(Dropout, DropoutNode)

}  // namespace fanin
