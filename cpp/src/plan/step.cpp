// The phases of a step, for a chain of dense layers 1, ..., L:
//
//   forward 1, ..., forward L-1, forward L with the loss and its gradient
//   {input gradient L}, {input gradient L-1, weights L}, ..., {input gradient 2, weights 3}, {weights 2,
//   weights 1, gather}
//
// The weights of a layer change one phase after they are needed for the gradient of its input. If the first
// layers are frozen, gradients are computed only down to the lowest trained layer.
#include "plan/step.hpp"

#include <algorithm>

#include "base/registry.hpp"

namespace fanin {
namespace {

// The work between two polls for an interruption takes less than 0.1 s, even on one slow thread.
constexpr double kPollingFlops = 1e9;
constexpr double kSlowFlops = 5e9;
// Phases with less work than this take less than about 5 us, and are not worth a team.
constexpr double kTeamFlopsPerPhase = 500e3;

}  // namespace

template <class T>
Step<T>::Step(InputWidths inputs, const std::vector<Layer>& layers, RunningStatistics<T>& statistics,
              LossOf<T> loss, const StepData& data, const std::function<bool()>& interrupted,
              const RunningStatistics<T>* frozen)
    : nodes_(inputs, layers, frozen, data.synchronized && data.ranks.many()),
      curvature_(data.curvature),
      largest_batch_(data.largest_batch),
      at_a_time_(nodes_.combines_rows() ? largest_batch_ : std::min(largest_batch_, data.most_rows)),
      data_(data,
            {inputs.gathered, nodes_.outputs(), nodes_.combines_rows(), nodes_.over == Over::sequences,
             reads_codes(data.x, layers), !data.curvature && reads_rows(data.x, layers), at_a_time_},
            layers),
      loss_(data_, loss, nodes_.outputs(), nodes_.over == Over::sequences),
      statistics_(statistics),
      statistics_job_{"statistics", this, 0, 1, kAll, kAll, 1},
      memory_(bind(nullptr, {at_a_time_, data.sequences})),
      slow_(flops() > kSlowFlops),
      whole_(slow_ || nodes_.ties() || data.ranks.many()),
      nothing_{nodes_.table.size, {.frozen = true}},
      executor_(!data.ranks.many() && flops() * static_cast<double>(blocks(largest_batch_)) > kPollingFlops,
                interrupted),
      across_(data.ranks),
      trained_(nodes_.table.trained.size(), true) {
  bind(memory_.data(), {at_a_time_, data.sequences});
  data_.out.made_by = &data_.job;
  for (const auto& node : nodes_.list) {
    node->prepare(prepare_);
    node->forward(forward_);
  }
  Job<T>& last = *nodes_.list.back()->out.made_by;
  last.follow = &loss_.job;
  // If one panel holds all outputs of a row, the thread that computes them goes straight to their loss, so
  // rows are divided into the units of the loss.
  if (last.row_unit != kAll) last.row_unit = std::min(last.row_unit, loss_.job.row_unit);
  plan_backward();
  if (curvature_) plan_curvature();
}

template <class T>
std::size_t Step<T>::bind(T* memory, Extent most) {
  const std::size_t rows = most.rows;
  Carver<T> carver(memory);
  data_.bind(carver, rows);
  Value<T>* in = &data_.out;
  for (const auto& node : nodes_.list) {
    node->bind(*in, carver, most);
    in = &node->out;
  }
  loss_.bind(*in, carver, rows, curvature_);
  for (const auto& node : nodes_.list) {
    if (curvature_) node->bind_tangents(carver, rows);
  }
  return carver.used();
}

// Uses trained_
template <class T>
void Step<T>::plan_backward() {
  for (const auto& node : nodes_.list) node->link(trained_);
  loss_.job.follow = nodes_.list.back()->out.after_gradient;
  backward_.clear();
  across_.clear();
  for (auto node = nodes_.list.rbegin(); node != nodes_.list.rend(); ++node) {
    (*node)->backward(backward_, true);
    across_.ready((*node)->layer, backward_.phases());  // what it has deferred is in the next phase
  }
  if (nodes_.has_batch_norm() && !whole_) backward_.later(statistics_job_);
  backward_.finish(data_.job);
  across_.divide(nodes_.table);
}

// Forward, gradients of weights and, except for the first layer with weights, of inputs
template <class T>
double Step<T>::flops() const {
  double first = 0;
  for (auto node = nodes_.list.begin(); first == 0 && node != nodes_.list.end(); ++node) {
    first = (*node)->flops();
  }
  return static_cast<double>(at_a_time_) * (3 * nodes_.flops() - first);
}

template <class T>
bool Step<T>::worth_a_team() const {
  const auto phases = static_cast<double>(forward_.phases() + backward_.phases());
  return flops() + matrices_.flops() >= phases * kTeamFlopsPerPhase;
}

template <class T>
std::size_t Step<T>::first_layer_not_finite() const {
  for (const auto& node : nodes_.list) {
    const Panels<T> outputs = node->out.out(node->out.own(last_block_));
    if (find_not_finite(outputs.data, outputs.size()) < outputs.size()) return node->layer;
  }
  return nodes_.list.back()->layer;
}

template <class T>
void Step<T>::gather_block(Member member, const DataSource<T>& data, const Batch& block) {
  const Job<T>* const job = &data_.job;
  executor_.run(member, {&job, 1}, {block, block, &data, nullptr, random_}, false);
}

template <class T>
bool Step<T>::forward_block(Member member, StepOf<T>& step, double total_weight, bool prepares) {
  const T total = static_cast<T>(total_weight);
  step.scale = total > 0 ? T{1} / total : T{0};
  for (std::size_t phase = 0; prepares && phase < prepare_.phases(); ++phase) {
    executor_.run(member, prepare_[phase], step, true);
  }
  for (std::size_t phase = 0; phase < forward_.phases(); ++phase) {
    executor_.run(member, forward_[phase], step, true);
  }
  if (member.thread == 0) {
    prepared_ = true;  // which no thread reads before the next barrier
    last_block_ = step.batch;
    batch_loss_ = (step.batch.row == 0 ? 0 : batch_loss_) + loss_.sum(step.batch);
    batch_weight_ = total_weight;
    square_of_weights_ = of_weights_.sum();  // now, because other threads may begin the next step
  }
  return !loss_.failed();
}

// The gradients of all parameters: stored as a whole, or passed to the update rule block by block.
//
// Returns false if the step was abandoned before any update. The flag is read only after the barrier of the
// last phase that polls, so that all threads read the same value.
template <class T>
bool Step<T>::backward_block(Member member, const StepOf<T>& step, bool polls_throughout) {
  const std::size_t polling = polls_throughout ? backward_.phases() : backward_.phases_before_updates();
  if (polling == 0 && interrupted()) return false;
  for (std::size_t phase = 0; phase < backward_.phases(); ++phase) {
    executor_.run(member, backward_[phase], step, phase < polling);
    if (step.adds_up && member.thread == 0) across_.continue_after(phase, step.sink.whole);
    if (phase + 1 == polling && interrupted()) return false;
  }
  return true;
}

template <class T>
bool Step<T>::gradient(Member member, const Turn<T>& turn, const T* parameters, const GradientSink<T>& sink) {
  const Update<T> none{0, nullptr, nullptr, nullptr, 0};
  const std::size_t count = blocks(turn.batch.rows);
  const double total = total_weight(turn.data, turn.batch);
  StepOf<T> step{block(turn.batch, 0), {}, &turn.data, parameters, random_, T{1}, &none, sink};
  step.rows = row_update(step.batch);
  if (across_.many()) return gradient_across(member, turn, step, total);
  for (std::size_t i = 0; i < count; ++i) {
    step.next = i + 1 < count ? block(turn.batch, i + 1) : block(turn.next, 0);
    if (!forward_block(member, step, total, i == 0)) return false;
    if (sink.whole != nullptr && !backward_block(member, step, true)) return false;
    if (i + 1 == count) break;
    // No thread polls again before all have read the same value.
    if (sink.whole != nullptr) {
      executor_.barrier(member);
    } else {
      if (interrupted()) return false;
      gather_block(member, turn.data, step.next);
    }
    step.batch = step.next;
    step.sink.into = Into::continued;
  }
  return true;
}

// An abandoned step leaves the running statistics unchanged. A step with a second gradient notes the
// statistics at the weights themselves, and adds them at its end.
template <class T>
void Step<T>::note_statistics(Member member, const Batch& batch) const {
  if (member.thread != 0) return;
  const bool of_all = across_.many() && nodes_.synchronized;
  statistics_.note(nodes_.normalizers, batch,
                   of_all ? across_.rows(batch.number) : static_cast<double>(batch.rows));
  if (across_.many()) average_statistics(batch);
}
template <class T>
void Step<T>::add_statistics(Member member) const {
  if (member.thread == 0) statistics_.add(nodes_.normalizers);
}
template <class T>
void Step<T>::run(int, const StepOf<T>& step, Range, Range) const {
  constexpr Member alone{0, 1};
  note_statistics(alone, step.batch);
  add_statistics(alone);
}

template class Step<float>;
template class Step<double>;

}  // namespace fanin
