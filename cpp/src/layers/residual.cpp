// The node of a residual: x + f(x). The layers of f read x through a separate value; its gradient is added to
// that of the skip connection.
#include <algorithm>
#include <string>

#include "base/registry.hpp"
#include "fanin/error.hpp"
#include "plan/node.hpp"

namespace fanin {
namespace {

// y = a + b on rows of some panels
template <class T>
void add(const Panels<T>& y, const Panels<T>& a, const Panels<T>& b, Range panels, Range rows) {
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    kernels<T>().add_weighted(y.at(rows.begin, p), a.at(rows.begin, p), b.at(rows.begin, p), T{1},
                              (rows.end - rows.begin) * y.width(p));
  }
}

constexpr std::size_t kDeepest = 8;  // levels of nesting

template <class T>
NodeList<T> inside(const Residual& layer, Declarations<T>& d) {
  const std::string text = d.text;
  const std::size_t columns = d.columns;
  d.normalized = false;
  d.into_next = nullptr;
  d.deepest = std::max(d.deepest, ++d.depth);
  if (d.depth > kDeepest) {
    throw ValueError(text + "expected at most " + std::to_string(kDeepest) + " levels of nested Residuals");
  }
  NodeList<T> nodes = make_nodes(layer.layers, d);
  --d.depth;
  d.new_value();
  if (d.columns == columns) return nodes;
  throw ValueError(text + "layers: expected as many output columns as input columns, " +
                   std::to_string(columns) + ", got " + std::to_string(d.columns));
}

template <class T>
class ResidualNode final : public Node<T> {
 public:
  ResidualNode(const Residual& layer, Declarations<T>& d)
      : Node<T>(d.layer, d.columns), nodes_(inside(layer, d)) {}

  double flops() const override { return flops_of(nodes_); }

  void bind(Value<T>& in, Carver<T>& memory, std::size_t rows) override {
    in_ = &in;
    entrance_ = Value<T>{in.columns, in.even, in.odd};
    entrance_.a = in.even;
    entrance_.ahead = in.ahead;
    if (!in.ahead) entrance_.dz = memory.matrix(rows, in.columns);
    exit_ = &entrance_;
    for (const auto& node : nodes_) {
      node->bind(*exit_, memory, rows);
      exit_ = &node->out;
    }
    this->out.carve(memory, rows, *exit_);
    if (!exit_->ahead) this->out.dz = memory.matrix(rows, in.columns);
  }

  void forward(Plan<T>& plan) override {
    entrance_.made_by = in_->made_by;
    for (const auto& node : nodes_) node->forward(plan);
    exit_->made_by->follow = &add_;
    this->out.made_by = &add_;
  }

  void link(const std::vector<bool>& trained) override {
    entrance_.needs_gradient = in_->needs_gradient;
    entrance_.after_gradient = in_->needs_gradient ? &add_gradients_ : nullptr;
    add_gradients_.follow = in_->after_gradient;
    for (const auto& node : nodes_) node->link(trained);
    this->out.needs_gradient = exit_->needs_gradient;
    this->out.after_gradient = exit_->needs_gradient ? &pass_ : nullptr;
    pass_.follow = exit_->after_gradient;
  }

  void backward(Plan<T>& plan) override {
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) (*node)->backward(plan);
  }

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    const Batch batch = step.batch;
    const Range panels = panels_of<T>(columns);
    const Panels<T> dz = this->out.panels(this->out.dz, batch);
    switch (part) {
      case kAdd:
        return add(this->out.out(batch), in_->out(batch), exit_->out(batch), panels, rows);
      case kPass:
        return kernels<T>().pass_gradient(gradient_through(*exit_, batch, read_only(dz)), panels);
      default: {
        const Panels<T> inner = entrance_.panels(entrance_.dz, batch);
        add(inner, dz, inner, panels, {0, batch.rows});
        kernels<T>().pass_gradient(gradient_through(*in_, batch, read_only(inner)), panels);
      }
    }
  }

  void initialize(T* parameters, std::uint64_t seed) const override {
    for (const auto& node : nodes_) node->initialize(parameters, seed);
  }

  void fold(T* folded, const T* parameters, const RunningStatistics<T>& statistics,
            const Normalizer<T>* watched) const override {
    for (const auto& node : nodes_) node->fold(folded, parameters, statistics, watched);
  }

  void predict(Flow<T>& flow) const override {
    const Panels<T> x = flow.x;
    const unsigned held_before = flow.hold();
    predict_all(nodes_, flow);
    if (flow.ended) return;
    const Panels<T> y = flow.take(x.columns);
    add(y, x, flow.x, flow.share(y.count()), {0, y.rows});
    flow.release(held_before);
    flow.made(y);
  }

 private:
  enum Part { kAdd, kPass, kAddGradients };

  const NodeList<T> nodes_;
  Value<T>* in_ = nullptr;
  Value<T> entrance_;         // x, as seen by the inner layers
  Value<T>* exit_ = nullptr;  // their output
  Job<T> add_ = following("add", this, kAdd, this->out.columns, Grain::block);
  Job<T> pass_ = following("pass gradient", this, kPass, this->out.columns);
  Job<T> add_gradients_ = following("add gradients", this, kAddGradients, this->out.columns);
};

}  // namespace

FANIN_NODE(Residual, ResidualNode)

}  // namespace fanin
