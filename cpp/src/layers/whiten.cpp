// The node of a whitening: the product that follows the gather. Nothing below it is trained.
#include <cmath>
#include <memory>

#include "base/registry.hpp"
#include "base/text.hpp"
#include "fanin/error.hpp"
#include "plan/node.hpp"

namespace fanin {
namespace {

template <class T>
class WhitenNode final : public Node<T> {
 public:
  WhitenNode(const Whiten& layer, Declarations<T>& d) : Node<T>(d, d.projected), inputs_(d.columns) {
    const double count = layer.components;
    if (count >= 1 && (count != std::floor(count) || count > static_cast<double>(d.columns))) {
      throw ValueError(d.text + "components: expected a whole number of at most the " +
                       std::to_string(d.columns) + " columns, or a share below 1, got " + number_text(count));
    }
    d.new_value();
  }

  double flops() const override {
    return 2.0 * static_cast<double>(inputs_) * static_cast<double>(this->out.columns);
  }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    in_ = &in;
    this->out.even = this->out.odd = this->out.a = memory.matrix(rows, this->out.columns);
  }
  void forward(Plan<T>& plan) override {
    plan.phase(product_);
    this->out.made_by = &product_;
  }
  void link(const std::vector<bool>&) override {}
  void backward(Plan<T>&, bool) override {}

  void run(int, const StepOf<T>& step, Range columns, Range rows) const override {
    multiply(this->out.out(step.batch), in_->out(step.batch), step.data->projection, panels_of<T>(columns),
             rows);
  }

  void predict(Flow<T>& flow) const override {
    const Panels<T> y = flow.take(this->out.columns);
    multiply(y, flow.x, flow.net.projection, flow.share(y.count()), {0, y.rows});
    flow.made(y);
  }

 private:
  void multiply(Panels<T> y, Panels<T> x, const T* matrix, Range panels, Range rows) const {
    const Panels<const T> w{matrix, inputs_, y.columns};
    kernels<T>().forward({y, {}, read_only(x), w, nullptr, static_cast<int>(activation<Identity>)}, panels,
                         rows);
  }

  const std::size_t inputs_;
  Value<T>* in_ = nullptr;
  Job<T> product_{"whiten", this, 0, this->out.columns, kPanel<T>, kRowBlock, flops()};
};

}  // namespace

FANIN_NODE(Whiten, WhitenNode)

}  // namespace fanin
