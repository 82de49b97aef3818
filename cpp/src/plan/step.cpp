// The phases of a step, of a chain of dense layers 1, ..., L:
//
//   forward 1, ..., forward L-1, forward L with the loss and its gradient
//   {input gradient L}, {input gradient L-1, weights L}, ..., {input gradient 2, weights 3}, {weights 2,
//   weights 1, gather}
//
// The weights of a layer change one phase after they were needed for the gradient of its input. Where layers
// are frozen from the inputs up, the gradients end at the lowest that is trained.
#include "plan/step.hpp"

#include <algorithm>

#include "base/registry.hpp"

namespace fanin {
namespace {

// Work between two looks at the caller's question stays below 0.1 s, on one slow thread too.
constexpr double kPollingFlops = 1e9;
constexpr double kSlowFlops = 1e10;

}  // namespace

template <class T>
Step<T>::Step(std::size_t inputs, const std::vector<Layer>& layers, Averages<T>& averages, LossOf<T> loss,
              const StepData& data, const std::function<bool()>& interrupted)
    : nodes_(inputs, layers),
      data_(inputs, data.y, data.weighted, data.largest_batch),
      loss_(data_, loss, nodes_.outputs()),
      averages_(averages),
      average_{this, 0, 1, kAll, kAll, 1},
      memory_(bind(nullptr, data.largest_batch)),
      slow_(flops(data.largest_batch) > kSlowFlops),
      whole_(slow_),
      executor_(flops(data.largest_batch) > kPollingFlops, interrupted),
      trained_(nodes_.table.trained.size(), true),
      gradient_(slow_ ? nodes_.table.size : 0) {
  bind(memory_.data(), data.largest_batch);
  data_.out.made_by = &data_.job;
  for (const auto& node : nodes_.list) node->forward(forward_);
  Job<T>& last = *nodes_.list.back()->out.made_by;
  last.follow = &loss_.job;
  // A thread goes on to the loss of its rows where one panel has all outputs of a row.
  if (last.row_unit != kAll) last.row_unit = std::min(last.row_unit, loss_.job.row_unit);
  plan_backward();
}

template <class T>
std::size_t Step<T>::bind(T* memory, std::size_t rows) {
  Carver<T> carver(memory);
  data_.bind(carver, rows);
  Value<T>* in = &data_.out;
  for (const auto& node : nodes_.list) {
    node->bind(*in, carver, rows);
    in = &node->out;
  }
  loss_.bind(*in, carver, rows);
  return carver.used();
}

// What is trained is known.
template <class T>
void Step<T>::plan_backward() {
  for (const auto& node : nodes_.list) node->link(trained_);
  loss_.job.follow = nodes_.list.back()->out.after_gradient;
  backward_.clear();
  for (auto node = nodes_.list.rbegin(); node != nodes_.list.rend(); ++node) (*node)->backward(backward_);
  if (nodes_.has_batch_norm() && !whole_) backward_.later(average_);
  backward_.finish(data_.job);
}

// forward, weights, and, but for the first layer, inputs
template <class T>
double Step<T>::flops(std::size_t rows) const {
  const double first = nodes_.list.front()->flops();
  return static_cast<double>(rows) * (3 * nodes_.flops() - first);
}

template <class T>
std::size_t Step<T>::first_layer_not_finite(Batch batch) const {
  for (const auto& node : nodes_.list) {
    const Panels<T> outputs = node->out.out(batch);
    if (find_not_finite(outputs.data, outputs.size()) < outputs.size()) return node->layer;
  }
  return nodes_.list.back()->layer;
}

template <class T>
void Step<T>::gather(Member member, const DataSource& data, Batch batch) {
  const Job<T>* const job = &data_.job;
  executor_.run(member, {&job, 1}, {batch, batch, &data, nullptr, random_}, false);
}

template <class T>
bool Step<T>::forward(Member member, Batch batch, const T* parameters) {
  StepOf<T> step{batch, {}, nullptr, parameters, random_};
  const T total = data_.total_weight(batch);
  step.scale = total > 0 ? T{1} / total : T{0};
  if (member.thread == 0) batch_weight_ = static_cast<double>(total);
  for (std::size_t phase = 0; phase < forward_.phases(); ++phase) {
    executor_.run(member, forward_[phase], step, true);
  }
  if (loss_.failed()) return false;
  if (member.thread == 0) batch_loss_ = static_cast<double>(kernels<T>().sum(loss_.row_loss(), batch.rows));
  return true;
}

// The gradients of all parameters: kept as a whole, or to the update rule block by block.
//
// False where the step was given up before any update. The answer is read only after the barrier of the last
// phase that asks the question, so that all threads read the same.
template <class T>
bool Step<T>::gradients(Member member, const DataSource& data, Batch batch, Batch next,
                        const Update<T>& update, const Kept<T>& kept) {
  const bool whole = kept.whole != nullptr;
  const StepOf<T> step{batch, next, &data, update.parameters, random_, T{1}, &update, kept};
  const std::size_t asking = whole ? backward_.phases() : backward_.phases_before_updates();
  if (asking == 0 && interrupted()) return false;
  for (std::size_t phase = 0; phase < backward_.phases(); ++phase) {
    executor_.run(member, backward_[phase], step, phase < asking);
    if (phase + 1 == asking && interrupted()) return false;
  }
  return true;
}

// Averages are for prediction; a step that was given up leaves them as they are.
template <class T>
void Step<T>::run(int, const StepOf<T>& step, Range, Range) const {
  averages_.note(nodes_.normalizers, step.batch);
  averages_.add(nodes_.normalizers);
}

template <class T>
void Step<T>::average(Member member, Batch batch) {
  if (member.thread == 0) run(0, {batch, {}, nullptr, nullptr, random_}, {}, {});
}

template class Step<float>;
template class Step<double>;

}  // namespace fanin
