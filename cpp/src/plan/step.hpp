// One training step: forward, backward, update.
#pragma once

#include "plan/averages.hpp"
#include "plan/executor.hpp"
#include "plan/gathered.hpp"
#include "plan/nodes.hpp"
#include "rules/gradient_norm.hpp"
#include "rules/method.hpp"

namespace fanin {

// Where a batch stands in its group, whose mean gradient makes an update
struct Group {
  bool many, first, last;
};

// What a step is made for
struct StepData {
  const Targets& y;
  bool weighted;
  std::size_t largest_batch;
};

template <class T>
class Step final : Work<T> {
 public:
  // `interrupted` is asked by thread 0, within a step only where steps are long
  Step(std::size_t inputs, const std::vector<Layer>& layers, Averages<T>& averages, LossOf<T> loss,
       const StepData& data, const std::function<bool()>& interrupted);

  // The members of a team call these together. `gather` is for the first step of a run. A step may begin
  // with `ask_for` and is `forward`, then `backward` or, for a rule that wants a second gradient,
  // `backward_twice`, or, for a batch that is not the last of its group, `backward_of_part`, which end by
  // gathering `next`, unless that has no rows. Each returns false where the loss is not finite or the step
  // was interrupted: nothing was updated then.
  void gather(Member member, const DataSource& data, Batch batch);
  void ask_for(Member member, const DataSource& data, Batch next) const {
    data_.ask_for(data, next, Share(member.thread, member.threads, 1).take(next.rows, 1));
  }
  bool forward(Member member, Batch batch, const T* parameters);
  bool backward(Member member, const DataSource& data, Batch batch, Batch next, Group group,
                Update<T> update);
  bool backward_of_part(Member member, const DataSource& data, Batch batch, Batch next, Group group,
                        T* parameters);
  bool backward_twice(Member member, const DataSource& data, Batch batch, Batch next, Update<T> update);
  // for what the method wants beside gradients block by block; segments are what goes on around it
  void allocate(const Method& method, const std::vector<Segment>& segments);

  // of a group up to the last `forward`; any member may ask
  double mean_loss(Batch batch, Group group) const;
  double batch_loss() const { return batch_loss_; }      // sum over the rows of the last step, weighted
  double batch_weight() const { return batch_weight_; }  // sum of their weights, or their number
  // seconds that all threads together have waited at barriers so far
  double waited() const { return executor_.waited(); }
  double flops(std::size_t rows) const;
  std::size_t phases() const { return forward_.phases() + backward_.phases(); }
  // The first layer with an output that is not finite, or the last layer
  std::size_t first_layer_not_finite(Batch batch) const;

  bool interrupted() const { return executor_.interrupted(); }
  bool failed() const { return loss_.failed(); }
  bool poll() { return executor_.poll(); }
  void start_anew(RandomState random) {
    random_ = random;
    executor_.start_anew();
    loss_.start_anew();
  }

 private:
  std::size_t bind(T* memory, std::size_t rows);
  void plan_backward();
  bool gradients(Member member, const DataSource& data, Batch batch, Batch next, const Update<T>& update,
                 const Kept<T>& kept);
  void average(Member member, Batch batch);
  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override;
  Kept<T> kept_of(Group group) const;
  void limit(Member member, Limits<T>& limits);
  void limit_norm(double most, const std::vector<Segment>& segments);
  template <class F>
  void for_parameters(Member member, F&& f);

  Nodes<T> nodes_;
  Gathered<T> data_;
  LossOfBatch<T> loss_;
  Averages<T>& averages_;
  Plan<T> forward_, backward_;
  Job<T> average_;
  Buffer<T> memory_;
  const bool slow_;  // the step can be given up before any update, for which the whole gradient comes first
  bool whole_;       // which it does also where a method wants it so
  Executor<T> executor_;
  std::vector<bool> trained_;  // array by array
  double clip_norm_ = __builtin_inf();
  GradientNorm<T> norm_;
  Buffer<T> gradient_, shifted_, second_;
  double group_weight_ = 0, group_loss_ = 0;  // of the batches before this one
  RandomState random_{};
  double batch_loss_ = 0, batch_weight_ = 0;
};

extern template class Step<float>;
extern template class Step<double>;

}  // namespace fanin
