// One training step as phases of work for a team.
#pragma once

#include <atomic>
#include <functional>

#include "plan/averages.hpp"
#include "plan/workspace.hpp"
#include "rules/gradient_norm.hpp"
#include "rules/method.hpp"
#include "team/team.hpp"

namespace fanin {

// Where a batch stands in its group, whose mean gradient makes an update
struct Group {
  bool many, first, last;
};

// What becomes of gradients: nothing but an update, block by block, or the whole of them is kept
template <class T>
struct Kept {
  T* whole = nullptr;
  Keep keep = Keep::alone;
  T batch_weight = 1;
};

// What the random numbers of an epoch depend on
struct RandomState {
  std::uint64_t seed, epoch;
};

template <class T>
class Step {
 public:
  // `interrupted` is asked by thread 0, within a step only where steps are long
  Step(const Layout<T>& layout, const Workspace<T>& workspace, Averages<T>& averages, LossOf<T> loss,
       std::size_t largest_batch, const std::function<bool()>& interrupted);

  // The members of a team call these together. `gather` is for the first step of a run. A step may begin
  // with `ask_for` and is `forward`, then `backward` or, for a rule that wants a second gradient,
  // `backward_twice`, or, for a batch that is not the last of its group, `backward_of_part`, which end by
  // gathering `next`, unless that has no rows. Each returns false where the loss is not finite or the step
  // was interrupted: nothing was updated then.
  void gather(Member member, const DataSource& data, Batch batch);
  void ask_for(Member member, const DataSource& data, Batch next) const {
    work_.ask_for(data, next, Share(member.thread, member.threads, 1).take(next.rows, 1));
  }
  bool forward(Member member, Batch batch, const T* parameters);
  bool backward(Member member, const DataSource& data, Batch batch, Batch next, Group group,
                Update<T> update);
  bool backward_of_part(Member member, const DataSource& data, Batch batch, Batch next, Group group,
                        T* parameters);
  bool backward_twice(Member member, const DataSource& data, Batch batch, Batch next, Update<T> update);
  void barrier(Member member);
  // for what the method wants beside gradients block by block; segments are what goes on around it
  void allocate(const Method& method, const std::vector<Segment>& segments);

  // of a group up to the last `forward`; any member may ask
  double mean_loss(Batch batch, Group group) const;
  double batch_loss() const { return batch_loss_; }      // sum over the rows of the last step, weighted
  double batch_weight() const { return batch_weight_; }  // sum of their weights, or their number
  // seconds that all threads together have waited at barriers so far
  double waited() const { return waited_.load(std::memory_order_relaxed); }
  double flops(std::size_t rows) const;

  bool interrupted() const { return interrupted_.load(std::memory_order_relaxed); }
  bool failed() const { return not_finite_.load(std::memory_order_relaxed); }
  bool poll();
  void start_anew(RandomState random) {
    random_ = random;
    interrupted_.store(false, std::memory_order_relaxed);
    not_finite_.store(false, std::memory_order_relaxed);
  }

 private:
  void forward_layer(Member member, std::size_t layer, Batch batch, const T* parameters);
  void output(Member member, Batch batch, const T* parameters);
  void loss_rows(Batch batch, Range rows, T scale);
  bool gradients(Member member, const DataSource& data, Batch batch, Batch next, const Update<T>& update,
                 const Kept<T>& kept);
  void input_gradient(Member member, Share& share, std::size_t layer, Batch batch, const T* parameters,
                      bool may_stop);
  void weight_gradient(Member member, Share& share, std::size_t layer, Batch batch, const Update<T>& update,
                       const Kept<T>& kept);
  Kept<T> kept_of(Group group) const;
  void limit(Member member, Limits<T>& limits);
  void limit_norm(double most, const std::vector<Segment>& segments);
  template <class F>
  void for_parameters(Member member, F&& f);
  void pass_gradient(Member member, Share& share, std::size_t layer, Batch batch, const T* parameters);
  void drop(std::size_t layer, Batch batch, Range panels, Range rows);
  void gather_share(const DataSource& data, Batch batch, Range rows);
  KeptElements<T> kept(std::size_t layer) const;
  void normalize(Member member, std::size_t layer, Batch batch, const T* parameters);
  void normalize_backward(Member member, std::size_t layer, Batch batch, const T* parameters);
  void normalize_backward(std::size_t layer, Batch batch, const T* parameters, Range panels);
  void normalize_backward_of(Range units, std::size_t layer, Batch batch, const T* parameters);
  bool normalizes_with_gradient(Member member, std::size_t layer) const;
  Panels<T> dz_transposed_of_activation(std::size_t layer, Batch batch) const;
  bool dense(std::size_t layer) const { return layout_.layers[layer - 1].dense; }
  const std::optional<LayerDropout>& dropout_after(std::size_t layer) const {
    return layer == 0 ? layout_.input_dropout : layout_.layers[layer - 1].dropout;
  }
  bool normalized(std::size_t layer) const { return layout_.layers[layer - 1].batch_norm.has_value(); }
  void note_statistics(Member member, Batch batch);
  void add_statistics(Member member);
  void average(Member member, Batch batch);

  Forward<T> forward_of(std::size_t layer, Batch batch, const T* parameters) const;
  double product_flops(std::size_t layer, std::size_t rows) const;
  double weight_flops(std::size_t layer, std::size_t rows) const;
  bool given_up(Member member);
  template <class F>
  void for_units(Member member, bool may_stop, Range units, std::size_t columns, F&& f);

  const Layout<T>& layout_;
  const Workspace<T>& work_;
  Averages<T>& averages_;
  const LossOf<T> loss_;
  const std::size_t last_;
  const bool polling_;  // the question is asked within a step
  const bool slow_;  // the step can be given up before any update, for which the whole gradient comes first
  bool whole_;       // which it does also where a method wants it so
  double clip_norm_ = __builtin_inf();
  // What is trained of each layer, and the lowest one of which anything is: no gradient is taken below it
  struct Trained {
    bool weights = false, others = false;
  };
  std::vector<Trained> trained_;
  std::size_t lowest_ = 1;
  GradientNorm<T> norm_;
  Buffer<T> gradient_, shifted_, second_;
  double group_weight_ = 0, group_loss_ = 0;  // of the batches before this one
  const std::function<bool()>& interrupted_by_caller_;
  RandomState random_{};
  double last_poll_ = 0, batch_loss_ = 0, batch_weight_ = 0;
  std::atomic<double> waited_{0};
  std::atomic<bool> not_finite_{false}, interrupted_{false};
  Barrier barrier_;
};

template <class T>
template <class F>
void Step<T>::for_units(Member member, bool may_stop, Range units, std::size_t columns, F&& f) {
  if (!polling_ || !may_stop) {
    for_each_rectangle(units, columns, f);
    return;
  }
  for (std::size_t unit = units.begin; unit < units.end && !given_up(member); ++unit) {
    for_each_rectangle({unit, unit + 1}, columns, f);
  }
}

extern template class Step<float>;
extern template class Step<double>;

}  // namespace fanin
