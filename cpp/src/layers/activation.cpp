// The node of an activation layer: it directly follows its operand, on the same thread.
#include <algorithm>

#include "base/registry.hpp"
#include "layers/traits.hpp"
#include "plan/node.hpp"
#include "plan/tangents.hpp"

namespace fanin {
namespace {

// y = f(x) on rows of some panels, with zeros for padding
template <class T>
void activate(int activation, const Panels<T>& y, const Panels<T>& x, Range panels, Range rows) {
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = y.width(p), used = y.used(p);
    kernels<T>().activate(activation, y.at(rows.begin, p), x.at(rows.begin, p),
                          (rows.end - rows.begin) * width);
    for (std::size_t i = rows.begin; used < width && i < rows.end; ++i) {
      std::fill_n(y.at(i, p) + used, width - used, T{0});
    }
  }
}

constexpr double kTangentFlops = 32;  // of an element, in flops of a product

template <class T>
class ActivationNode final : public Node<T> {
 public:
  ActivationNode(const ActivationLayer& layer, Declarations<T>& d)
      : Node<T>(d, d.columns), activation_(static_cast<int>(layer.activation)) {
    d.new_value();
  }

  // If the value before it is linear, the gradient passes through the activation in the same pass.
  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    Value<T>& out = this->out;
    in_ = &in;
    out.carve(memory, rows, in);
    out.activation = activation_;
    out.linear = false;
    out.z = in.even;
    if (in.linear) {
      out.share_gradient(in);
    } else if (!in.ahead) {
      out.dz = memory.matrix(rows, out.columns);
    }
  }

  void forward(Plan<T>&) override {
    in_->made_by->follow = &activate_;
    this->out.made_by = &activate_;
  }

  void link(const std::vector<bool>&) override {
    this->out.needs_gradient = in_->needs_gradient;
    pass_.follow = in_->after_gradient;
    this->out.after_gradient = in_->linear || !in_->needs_gradient ? in_->after_gradient : &pass_;
    pass_tangent_.follow = in_->after_tangent;
    this->out.after_tangent = in_->linear || !in_->needs_gradient ? in_->after_tangent : &pass_tangent_;
  }
  void backward(Plan<T>&, bool) override {}

  void bind_tangents(Carver<T>& memory, std::size_t rows) override {
    Value<T>& out = this->out;
    out.moves = in_->moves;
    if (!out.moves) return;
    out.rz = in_->ra;
    out.ra = memory.matrix(rows, out.columns);
    out.da = traits_of(activation_).bends ? memory.matrix(rows, out.columns) : nullptr;
    out.rdz = in_->linear ? in_->rdz : memory.matrix(rows, out.columns);
    out.rdz_transposed = in_->linear ? in_->rdz_transposed : nullptr;
  }
  void tangent(Plan<T>& plan) override {
    if (this->out.moves) plan.phase(tangent_);
  }
  void second_tangent(Plan<T>& plan) override {
    if (this->out.moves) plan.phase(second_tangent_);
  }

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    const Value<T>& out = this->out;
    const Range panels = panels_of<T>(columns);
    if (part == kActivate) {
      return activate(activation_, out.out(step.batch), in_->out(step.batch), panels, rows);
    }
    if (part == kTangent) return activate_tangent(out, step.batch, panels, rows);
    if (part == kSecondTangent) return activate_second_tangent(out, in_->rdz, step.batch, panels, rows);
    if (part == kPassTangent) {
      const Panels<const T> rdz = read_only(out.panels(out.rdz, step.batch));
      return kernels<T>().pass_gradient(tangent_through(*in_, step.batch, rdz), panels);
    }
    const Panels<const T> dz = read_only(out.panels(out.dz, step.batch));
    kernels<T>().pass_gradient(gradient_through(*in_, step.batch, dz), panels);
  }

  void predict(Flow<T>& flow) const override {
    const Panels<T> x = flow.x, y = flow.take(x.columns);
    activate(activation_, y, x, flow.share(y.count()), {0, y.rows});
    flow.made(y, x);
  }

 private:
  enum Part { kActivate, kPass, kTangent, kSecondTangent, kPassTangent };

  const int activation_;
  Value<T>* in_ = nullptr;
  Job<T> activate_ = following("activate", this, kActivate, this->out.columns, Grain::block);
  Job<T> pass_ = following("pass gradient", this, kPass, this->out.columns);
  Job<T> tangent_{"tangent", this, kTangent, this->out.columns, kPanel<T>, kRowBlock, kTangentFlops};
  Job<T> second_tangent_{"second tangent", this,      kSecondTangent, this->out.columns,
                         kPanel<T>,        kRowBlock, kTangentFlops};
  Job<T> pass_tangent_ = following("pass tangent", this, kPassTangent, this->out.columns);
};

}  // namespace

FANIN_NODE(ActivationLayer, ActivationNode)

}  // namespace fanin
