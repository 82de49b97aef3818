// The node of an activation layer: it directly follows its operand, on the same thread.
#include <algorithm>

#include "base/registry.hpp"
#include "plan/node.hpp"

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

template <class T>
class ActivationNode final : public Node<T> {
 public:
  ActivationNode(const ActivationLayer& layer, Declarations<T>& d)
      : Node<T>(d.layer, d.columns), activation_(static_cast<int>(layer.activation)) {
    d.new_value();
  }

  // If the value before it is linear, the gradient passes through the activation in the same pass.
  void bind(Value<T>& in, Carver<T>& memory, std::size_t rows) override {
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
  }
  void backward(Plan<T>&) override {}

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    const Value<T>& out = this->out;
    const Range panels = panels_of<T>(columns);
    if (part == kActivate) {
      return activate(activation_, out.out(step.batch), in_->out(step.batch), panels, rows);
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
  enum Part { kActivate, kPass };

  const int activation_;
  Value<T>* in_ = nullptr;
  Job<T> activate_ = following("activate", this, kActivate, this->out.columns, Grain::block);
  Job<T> pass_ = following("pass gradient", this, kPass, this->out.columns);
};

}  // namespace

FANIN_NODE(ActivationLayer, ActivationNode)

}  // namespace fanin
