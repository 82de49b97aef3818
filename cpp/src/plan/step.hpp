// One training step: forward, backward, update.
#pragma once

#include <algorithm>

#include "plan/across.hpp"
#include "plan/executor.hpp"
#include "plan/loss_of_batch.hpp"
#include "plan/nodes.hpp"
#include "plan/running_statistics.hpp"
#include "plan/watching.hpp"
#include "rules/matrices.hpp"
#include "rules/method.hpp"
#include "rules/squared_norm.hpp"

namespace fanin {

// The position of a batch in its group; the mean gradient of a group makes an update
struct Group {
  bool many, first, last;
};

// The batch of a step, and the next one, which is gathered during the step unless it has no rows
template <class T>
struct Turn {
  const DataSource<T>& data;
  Batch batch, next;
  Group group = {false, true, true};
};

// Where curvature is asked for
template <class T>
struct CurvatureAt {
  const DataSource<T>& data;
  Batch batch;
  const T* parameters;
  const T* direction;
  bool same, same_rows;
};

template <class T>
class Step final : Work<T> {
 public:
  // Thread 0 calls `interrupted`; within a step, only if steps are long
  Step(InputWidths inputs, const std::vector<Layer>& layers, RunningStatistics<T>& statistics, LossOf<T> loss,
       const StepData& data, const std::function<bool()>& interrupted,
       const RunningStatistics<T>* frozen = nullptr);

  // Of several ranks, each makes the same steps, of as many batches, each with rows of its own or none; what
  // a step does then depends on the sums over all ranks: gradient, loss, whether it failed or is interrupted.
  //
  // The members of a team call these together. `gather` is for the first step of a run. A step may begin with
  // `ask_for`, which prefetches the next batch. Then it is `forward` and `update`, or `add_to_group` if the
  // batch is not the last of its group; `forward` or `update` gathers the next batch. They return false if
  // the loss is not finite or the step was interrupted; then nothing was updated. An update whose samples
  // all have weight 0 changes nothing either.
  void gather(Member member, const DataSource<T>& data, const Batch& batch) {
    gather_block(member, data, block(batch, 0));
  }
  void ask_for(Member member, const DataSource<T>& data, const Batch& next) const {
    data_.ask_for(data, next, Executor<T>::share(member, std::min(next.rows, at_a_time_)));
  }
  bool forward(Member member, const Turn<T>& turn, const T* parameters);
  // A step is watched if the watch is due at this update of the fit; then the gradient is computed as a
  // whole.
  bool update(Member member, const Turn<T>& turn, Update<T> update, std::size_t number = 0);
  void add_to_group(Member member, const Turn<T>& turn);
  // The loss and, if `sink` has memory for it, the whole gradient of a batch that was gathered, at any
  // parameters
  bool gradient(Member member, const Turn<T>& turn, const T* parameters, const GradientSink<T>& sink);

  // Curvature at parameters, over a batch. If the batch is one block, what was computed for it is kept while
  // the parameters are the same, and its rows while they are the same. These return false as above.
  // Computes batch_loss() and, unless `to` is null, the gradient
  bool evaluate(Member member, const CurvatureAt<T>& at, T* to);
  // The Hessian times a direction, or Gauss and Newton's matrix, which is its part without the second
  // derivatives of the network's output
  bool hessian_product(Member member, const CurvatureAt<T>& at, T* to);
  bool gauss_newton_product(Member member, const CurvatureAt<T>& at, T* to);
  // J' H f, with f the second derivative of the outputs along the direction, H that of the loss
  bool acceleration(Member member, const CurvatureAt<T>& at, T* to);
  // Sums of the squares of the gradients of single rows
  bool squares(Member member, const CurvatureAt<T>& at, T* to);
  // f(block, output) for each block and output, after `rows_of_jacobian` can give it the gradient of the
  // output, or of a root of the loss's second derivative, with respect to the parameters in one vector
  template <class F>
  bool for_each_output(Member member, const CurvatureAt<T>& at, bool root, T* e, F&& f);
  void rows_of_jacobian(Batch block, Range rows, const Panels<T>& to, std::size_t first = 0) const {
    for (const auto& node : nodes_.list) node->jacobian(block, rows, to, first);
  }
  void barrier(Member member) { executor_.barrier(member); }
  // Brings rows that were not met for a while up to date; until then, others must not read the weights
  void catch_up(Member member) const;
  bool lags() const { return lazy_.exist(); }
  std::size_t elements_of_row() const { return memory_.size() / at_a_time_; }

  const ParameterTable& table() const { return nodes_.table; }
  // Chooses how often steps are watched, unless that is chosen
  void watch(Watch* watch);
  // Allocates what the method needs in addition to gradients block by block
  void allocate(const Method& method);
  // From now on a loss that is not finite does not stop a step.
  void accept_all_losses() { loss_.accept_all(); }

  // Of a group, up to the last `forward`; any member may call it
  double mean_loss(const Turn<T>& turn) const;
  double batch_loss() const { return batch_loss_; }      // sum over the rows of the last step, weighted
  double batch_weight() const { return batch_weight_; }  // sum of their weights, or their number
  // Of all weights at the last `forward`, if the method has a penalty of the sum
  double square_of_weights() const { return square_of_weights_; }
  // Seconds that all threads together have waited at barriers so far
  double waited() const { return executor_.waited(); }
  bool worth_a_team() const;
  double flops() const;  // of a block
  // The first layer with an output that is not finite after the last step, or the last layer
  std::size_t first_layer_not_finite() const;

  bool interrupted() const { return executor_.interrupted(); }
  bool failed() const { return loss_.failed(); }
  // Of several ranks, an interruption counts once all know of it: in the next step.
  bool poll() {
    if (!across_.many()) return executor_.poll();
    asked_ = executor_.asked();
    return interrupted();
  }
  Across<T>& across() { return across_; }
  // A batch is one block, or several if it has too many rows for the memory.
  std::size_t blocks(std::size_t rows) const {
    return rows <= at_a_time_ ? 1 : (rows + at_a_time_ - 1) / at_a_time_;
  }
  // The weight of a batch before it is gathered
  double weight_before(const DataSource<T>& data, const Batch& batch) const {
    return data_.total_weight(data, batch);
  }
  void observe(Observer<T>* observer) { executor_.observe(observer); }
  // `fresh`: the state of the rule is that before its first step
  void restart(RandomState random, bool fresh = false) {
    random_ = random;
    if (lazy_.exist()) lazy_.restart(fresh);
    prepared_ = false;
    executor_.restart();
    loss_.restart();
  }

 private:
  std::size_t bind(T* memory, Extent most);
  void plan_backward();
  void plan_curvature();
  bool run_phases(Member member, const Plan<T>& plan, const StepOf<T>& step);
  bool agree(Member member, bool goes_on);
  bool run_job(Member member, const Job<T>& job, const StepOf<T>& step);
  bool arrive(Member member, const CurvatureAt<T>& at, StepOf<T>& step, bool gradients);
  template <class F>
  bool for_each_block(Member member, const CurvatureAt<T>& at, T* to, bool gradients, F&& f);
  Batch block(const Batch& batch, std::size_t number) const {
    const std::size_t row = number * at_a_time_, before = across_.many()
                                                              ? across_.blocks_before(batch.number)
                                                              : batch.number * blocks(largest_batch_);
    return {batch.number, batch.first + row,          std::min(batch.rows - row, at_a_time_),
            row,          (before + number) % 2 == 1, batch.time};
  }
  void gather_block(Member member, const DataSource<T>& data, const Batch& block);
  double total_weight(const DataSource<T>& data, const Batch& batch) const {
    if (across_.many()) return across_.weight(batch.number);
    return blocks(batch.rows) > 1 ? data_.total_weight(data, batch) : data_.total_weight(block(batch, 0));
  }
  bool forward_block(Member member, StepOf<T>& step, double total_weight, bool prepares);
  double weight_of_update(const Turn<T>& turn) const;
  // Every which step is watched
  std::size_t chosen_every() const;
  bool watches(std::size_t number) const { return watch_ != nullptr && watch_->due(number); }
  bool backward_block(Member member, const StepOf<T>& step, bool polls_throughout);
  void update_whole(Member member, const Update<T>& update, std::size_t number);
  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override;
  bool gradient_across(Member member, const Turn<T>& turn, StepOf<T>& step, double total);
  bool agree_across(Member member);
  void add_group_across(Member member);
  void average_statistics(const Batch& batch) const;
  void note_statistics(Member member, const Batch& batch) const;
  void add_statistics(Member member) const;
  void limit(Member member, Limits<T>& limits);
  void limit_norm(const Method& method);
  void plan_rows(const Method& method);
  RowUpdate<T> row_update(const Batch& batch) const;
  void penalize(const Method& method);
  template <class F>
  void for_own_parameters(Member member, F&& f) const;

  Nodes<T> nodes_;
  const bool curvature_;
  const std::size_t largest_batch_, at_a_time_;  // rows
  Gathered<T> data_;
  LossOfBatch<T> loss_;
  RunningStatistics<T>& statistics_;
  Plan<T> prepare_, forward_, backward_;
  Plan<T> values_backward_, tangent_, second_tangent_, tangent_backward_, squares_plan_;  // for curvature
  bool has_rows_ = false, has_values_ = false, has_gradients_ = false;                    // of all rows
  Job<T> statistics_job_;
  Buffer<T> memory_;
  const bool slow_;        // steps may be abandoned before any update: they compute the whole gradient first,
  bool whole_;             // as do shared weights, batches of several blocks, and methods that need it
  bool twice_ = false;     // the rule needs a second gradient
  const Segment nothing_;  // all parameters, frozen
  Executor<T> executor_;
  Across<T> across_;
  bool asked_ = false;         // to interrupt
  std::vector<bool> trained_;  // array by array
  double clip_norm_ = __builtin_inf();
  SquaredNorm<T> norm_, of_weights_;
  Matrices<T> matrices_;  // that the rule steps as a whole
  LazyRows<T> lazy_;      // of the first layer
  double count_power_ = 0;
  Buffer<T> count_factors_;  // by the number of samples that meet a row
  Watch::State* watch_ = nullptr;
  Watching<T> watching_;
  Buffer<T> gradient_, of_batch_, shifted_, second_;
  bool prepared_ = false;                     // for the parameters, since the last update
  double group_weight_ = 0, group_loss_ = 0;  // of the batches before this one
  RandomState random_{};
  double batch_loss_ = 0, batch_weight_ = 0, square_of_weights_ = 0;
  Batch last_block_{};
};

extern template class Step<float>;
extern template class Step<double>;

}  // namespace fanin
