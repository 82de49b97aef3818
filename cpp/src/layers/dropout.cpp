// The node of a dropout: right after what it drops, on the same thread. Nothing of it is left in prediction.
#include <cmath>
#include <memory>

#include "base/random.hpp"
#include "base/registry.hpp"
#include "fanin/error.hpp"
#include "plan/node.hpp"

namespace fanin {
namespace {

constexpr double kNumbers = 0x1p16;  // how many a random number of 16 bits can be

// how many of them stand for what is dropped: all but one at most
std::uint32_t dropped_of(double rate) {
  const double nearest = std::round(rate * kNumbers);
  return static_cast<std::uint32_t>(nearest < kNumbers ? nearest : kNumbers - 1);
}

std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }

template <class T>
class DropoutNode final : public Node<T> {
 public:
  DropoutNode(const Dropout& layer, Declarations<T>& d)
      : Node<T>(d.layer, d.columns), dropped_(dropped_of(layer.rate)), word_(word_of_dropout(d.number)) {
    if (d.before == nullptr || !std::holds_alternative<Dropout>(d.before->kind)) return;
    throw ValueError(d.text + "a Dropout follows a Dropout; expected one, with the rate of both");
  }

  // Inputs are dropped where they lie. The gradient goes through the dropout and the activation before it at
  // once; where there is none, nobody asks later which were kept.
  void bind(Value<T>& in, Carver<T>& memory, std::size_t rows) override {
    Value<T>& out = this->out;
    in_ = &in;
    out = in;
    out.linear = false;
    out.kept.scale = static_cast<T>(kNumbers / (kNumbers - dropped_));
    if (in.gathered) return;
    out.carve(memory, rows, in);
    out.a = in.a;
    if (in.ahead) return;
    const std::size_t bytes = rows * KeptElements<T>::kBytes * Panels<T>{nullptr, rows, in.columns}.count();
    out.kept.bits = reinterpret_cast<std::uint8_t*>(memory.take((bytes + sizeof(T) - 1) / sizeof(T)));
  }

  void forward(Plan<T>&) override {
    in_->made_by->follow = &drop_;
    this->out.made_by = &drop_;
  }

  void link(const std::vector<bool>&) override {
    this->out.wants_gradient = in_->wants_gradient;
    this->out.after_gradient = in_->after_gradient;
  }
  void backward(Plan<T>&) override {}

  void run(int, const StepOf<T>& step, Range columns, Range rows) const override {
    const RandomState& random = step.random;
    kernels<T>().drop({this->out.out(step.batch),
                       read_only(in_->out(step.batch)),
                       this->out.kept,
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
  Job<T> drop_ = following(this, 0, this->out.columns, Grain::block);
};

}  // namespace

FANIN_NODE(Dropout, DropoutNode)

}  // namespace fanin
