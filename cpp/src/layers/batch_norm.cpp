// The node of a batch-norm layer, which needs whole columns: a phase of its own.
#include <memory>
#include <optional>
#include <vector>

#include "base/registry.hpp"
#include "fanin/error.hpp"
#include "layers/frozen_norm.hpp"
#include "plan/jobs_across.hpp"

namespace fanin {
namespace {

// The cost of the passes over an element, in flops of a product
constexpr double kNormFlops = 16;

template <class T>
class BatchNormNode final : public Node<T> {
 public:
  BatchNormNode(const BatchNorm& layer, Declarations<T>& d)
      : Node<T>(d, d.columns), first_array_(d.table.trained.size()), norm_(layer, d.columns, d) {
    if (d.normalized) throw ValueError(d.text + "a BatchNorm directly after a BatchNorm; expected only one");
    ++d.stages;
    d.into_next = d.on_inputs ? nullptr : &norm_;
    d.on_inputs = false;
    d.normalized = true;
  }

  double flops() const override { return kNormFlops * static_cast<double>(this->out.columns); }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    in_ = &in;
    this->out.even = this->out.odd = this->out.a = memory.matrix(rows, in.columns);
    this->out.dz = memory.matrix(rows, in.columns);
    norm_.bind(in, memory, rows);
    across_.bind(norm_, this->out.dz);
  }

  void forward(Plan<T>& plan) override {
    if (across_.forward(plan, normalize_, true) == &normalize_) plan.phase(normalize_);
    this->out.made_by = &normalize_;
  }

  void link(const std::vector<bool>& trained) override {
    trained_ = trained[first_array_] || trained[first_array_ + 1];
    this->out.needs_gradient = in_->needs_gradient || trained_;
    this->out.after_gradient = this->out.needs_gradient ? across_.first(normalize_backward_) : nullptr;
    normalize_backward_.follow = in_->needs_gradient ? &pass_ : nullptr;
    pass_.follow = in_->after_gradient;
  }

  void backward(Plan<T>& plan, bool to_parameters) override {
    if (this->out.needs_gradient) across_.backward(plan, normalize_backward_);
    if (trained_ && to_parameters) plan.later(gradient_);
  }

  void run(int part, const StepOf<T>& step, Range columns, Range) const override {
    const Panels<const T> dz = read_only(this->out.panels(this->out.dz, step.batch));
    switch (part) {
      case kNormalize:
        return norm_.forward(step, this->out.a, nullptr, this->out.activation, columns);
      case kNormalizeBackward:
        return norm_.backward(step, this->out.dz, nullptr, columns);
      case kPass:
        return kernels<T>().pass_gradient(gradient_through(*in_, step.batch, dz), panels_of<T>(columns));
      default:
        kernels<T>().bias_gradient({step.sink.whole,
                                    *step.update,
                                    0,
                                    norm_.shift,
                                    {},
                                    dz,
                                    norm_.dgamma(),
                                    norm_.dbeta(),
                                    norm_.scale,
                                    step.sink.into,
                                    step.sink.batch_weight},
                                   panels_of<T>(columns));
    }
  }

  void initialize(T* parameters, std::uint64_t) const override { norm_.initialize(parameters); }

  // The factor of each column takes the place of gamma.
  void fold(T* folded, const T* parameters, const RunningStatistics<T>& statistics,
            const Normalizer<T>*) const override {
    if (!norm_.in_next) norm_.scale_of_statistics(folded + norm_.scale, parameters, statistics);
  }

  void predict(Flow<T>& flow) const override {
    flow.ended = flow.watched == &norm_;
    if (flow.ended || norm_.in_next) return;
    const Panels<T> x = flow.x, y = flow.take(x.columns);
    const Range mine = flow.share(x.count());
    for (std::size_t p = mine.begin; p < mine.end; ++p) {
      const std::size_t first = p * kPanel<T>;
      const auto width = static_cast<std::ptrdiff_t>(x.width(p));
      kernels<T>().normalize(
          {y.at(0, p), width, x.at(0, p), width, flow.net.statistics.mean(norm_) + first,
           flow.net.parameters + norm_.scale + first, flow.net.parameters + norm_.shift + first},
          {0, x.rows}, {0, x.width(p)});
    }
    flow.made(y);
  }

 private:
  enum Part { kNormalize, kNormalizeBackward, kPass, kGradient };

  const std::size_t first_array_;
  Normalizer<T> norm_;
  JobsAcross<T> across_{this->out.columns};
  Value<T>* in_ = nullptr;
  bool trained_ = true;
  Job<T> normalize_{"normalize", this, kNormalize, this->out.columns, kPanel<T>, kAll, flops()};
  Job<T> normalize_backward_ = following("batch norm backward", this, kNormalizeBackward, this->out.columns);
  Job<T> pass_ = following("pass gradient", this, kPass, this->out.columns);
  Job<T> gradient_{"weights", this, kGradient, this->out.columns, kPanel<T>, kAll, flops()};
};

}  // namespace

template <>
template <class T>
std::unique_ptr<Node<T>> NodeOf<BatchNorm>::make(const BatchNorm& layer, Declarations<T>& declarations) {
  if (declarations.frozen != nullptr) return std::make_unique<FrozenNormNode<T>>(layer, declarations);
  return std::make_unique<BatchNormNode<T>>(layer, declarations);
}
template std::unique_ptr<Node<float>> NodeOf<BatchNorm>::make(const BatchNorm&, Declarations<float>&);
template std::unique_ptr<Node<double>> NodeOf<BatchNorm>::make(const BatchNorm&, Declarations<double>&);

}  // namespace fanin
