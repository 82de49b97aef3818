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
  ResidualNode(const Residual& layer, Declarations<T>& d) : Node<T>(d, d.columns), nodes_(inside(layer, d)) {}

  double flops() const override { return flops_of(nodes_); }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    in_ = &in;
    entrance_ = Value<T>{in.columns, in.even, in.odd};
    entrance_.a = in.even;
    entrance_.of_sequences = in.of_sequences;
    entrance_.ahead = in.ahead;
    if (!in.ahead) entrance_.dz = memory.matrix(rows, in.columns);
    exit_ = &entrance_;
    for (const auto& node : nodes_) {
      node->bind(*exit_, memory, most);
      exit_ = &node->out;
    }
    this->out.carve(memory, rows, *exit_);
    if (!exit_->ahead) this->out.dz = memory.matrix(rows, in.columns);
  }

  void show(std::vector<std::pair<std::string, const Value<T>*>>& values) const override {
    for (const auto& node : nodes_) node->show(values);
    Node<T>::show(values);
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
    entrance_.after_tangent = in_->needs_gradient ? &add_tangents_ : nullptr;
    add_tangents_.follow = in_->after_tangent;
    for (const auto& node : nodes_) node->link(trained);
    this->out.needs_gradient = exit_->needs_gradient;
    this->out.after_gradient = exit_->needs_gradient ? &pass_ : nullptr;
    pass_.follow = exit_->after_gradient;
    this->out.after_tangent = exit_->needs_gradient ? &pass_tangent_ : nullptr;
    pass_tangent_.follow = exit_->after_tangent;
  }

  void backward(Plan<T>& plan, bool to_parameters) override {
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) (*node)->backward(plan, to_parameters);
  }

  void bind_tangents(Carver<T>& memory, std::size_t rows) override {
    entrance_.moves = in_->moves;
    entrance_.rz = entrance_.ra = in_->ra;
    if (in_->moves) entrance_.rdz = memory.matrix(rows, in_->columns);
    for (const auto& node : nodes_) node->bind_tangents(memory, rows);
    if (!exit_->moves) return;
    this->out.carve_tangents(memory, rows, false);
    this->out.rdz = memory.matrix(rows, this->out.columns);
  }
  void tangent(Plan<T>& plan) override {
    for (const auto& node : nodes_) node->tangent(plan);
    if (exit_->moves) plan.phase(tangent_);
  }
  void second_tangent(Plan<T>& plan) override {
    if (in_->moves) plan.phase(enter_);
    for (const auto& node : nodes_) node->second_tangent(plan);
    if (exit_->moves) plan.phase(second_tangent_);
  }
  void tangent_backward(Plan<T>& plan) override {
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) (*node)->tangent_backward(plan);
  }
  void jacobian(Batch batch, Range rows, const Panels<T>& to, std::size_t first) const override {
    for (const auto& node : nodes_) node->jacobian(batch, rows, to, first);
  }
  void squares(Plan<T>& plan) override {
    for (const auto& node : nodes_) node->squares(plan);
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
      case kTangent:
        return add_or_copy(this->out.ra, in_->moves ? in_->ra : nullptr, exit_->ra, batch, panels, rows);
      case kEnter:
        return add_or_copy(entrance_.rdz, nullptr, in_->rdz, batch, panels, rows);
      case kSecondTangent:
        return add_or_copy(this->out.rdz, in_->moves ? in_->rdz : nullptr, exit_->rdz, batch, panels, rows);
      case kPassTangent: {
        const Panels<T> rdz = this->out.panels(this->out.rdz, batch);
        return kernels<T>().pass_gradient(tangent_through(*exit_, batch, read_only(rdz)), panels);
      }
      case kAddTangents: {
        const Panels<T> rdz = this->out.panels(this->out.rdz, batch),
                        inner = entrance_.panels(entrance_.rdz, batch);
        add(inner, rdz, inner, panels, {0, batch.rows});
        return kernels<T>().pass_gradient(tangent_through(*in_, batch, read_only(inner)), panels);
      }
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
  enum Part { kAdd, kPass, kAddGradients, kTangent, kEnter, kSecondTangent, kPassTangent, kAddTangents };

  // y = a + b, with a = 0 if it is null
  void add_or_copy(T* y, T* a, T* b, Batch batch, Range panels, Range rows) const {
    const auto of = [&](T* data) { return this->out.panels(data, batch); };
    if (a != nullptr) return add(of(y), of(a), of(b), panels, rows);
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      const T* const from = of(b).at(rows.begin, p);
      std::copy_n(from, (rows.end - rows.begin) * of(b).width(p), of(y).at(rows.begin, p));
    }
  }
  Job<T> job_of(const char* name, Part part) {
    return {
        name, this, part, this->out.columns, kPanel<T>, kRowBlock, static_cast<double>(this->out.columns)};
  }

  const NodeList<T> nodes_;
  Value<T>* in_ = nullptr;
  Value<T> entrance_;         // x, as seen by the inner layers
  Value<T>* exit_ = nullptr;  // their output
  Job<T> add_ = following("add", this, kAdd, this->out.columns, Grain::block);
  Job<T> pass_ = following("pass gradient", this, kPass, this->out.columns);
  Job<T> add_gradients_ = following("add gradients", this, kAddGradients, this->out.columns);
  Job<T> tangent_ = job_of("add tangents", kTangent), enter_ = job_of("enter", kEnter),
         second_tangent_ = job_of("add second tangents", kSecondTangent);
  Job<T> pass_tangent_ = following("pass tangent", this, kPassTangent, this->out.columns);
  Job<T> add_tangents_ = following("add tangents", this, kAddTangents, this->out.columns);
};

}  // namespace

FANIN_NODE(Residual, ResidualNode)

}  // namespace fanin
