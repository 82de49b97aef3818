// Steps that want the whole gradient before any update: sums over a group of batches, a limit of its norm, a
// second gradient at other weights, and steps so slow that they may have to be given up on the way.
#include "plan/step.hpp"

namespace fanin {

template <class T>
void Step<T>::allocate(const Method& method, const std::vector<Segment>& segments) {
  const bool twice = needs_second_gradient(method.rule);
  whole_ = slow_ || twice || wants_whole_gradient(method);
  const auto allocate = [&](Buffer<T>& buffer) {
    if (buffer.size() == 0) buffer = Buffer<T>(nodes_.table.size);
  };
  if (whole_) allocate(gradient_);
  if (twice) allocate(shifted_);
  if (twice) allocate(second_);
  // A second gradient is taken where the first one points, for all parameters.
  for (std::size_t i = 0; i < trained_.size(); ++i) {
    trained_[i] = twice || segments.empty() || !segments[i].around.frozen;
  }
  plan_backward();
  limit_norm(method.clip_norm, segments);
}

template <class T>
void Step<T>::limit_norm(double most, const std::vector<Segment>& segments) {
  clip_norm_ = most;
  norm_.clear();
  if (clip_norm_ == __builtin_inf()) return;
  for (std::size_t i = 0; i < nodes_.table.trained.size(); ++i) {
    const ParameterArray& array = nodes_.table.trained[i];
    if (!segments[i].around.frozen) norm_.add_panels(0, array.offset, array.rows, array.columns);
  }
  norm_.allocate();
}

// f(range) for a thread's share of the flat buffer
template <class T>
template <class F>
void Step<T>::for_parameters(Member member, F&& f) {
  constexpr std::size_t run = 4096;
  const Range runs = Share(member.thread, member.threads, 1).take((nodes_.table.size + run - 1) / run, 1);
  const std::size_t begin = runs.begin * run,
                    end = runs.end * run < nodes_.table.size ? runs.end * run : nodes_.table.size;
  if (begin < end) f(Range{begin, end});
  executor_.barrier(member);
}

template <class T>
double Step<T>::mean_loss(Batch batch, Group group) const {
  const T* weights = data_.weights(batch);
  const auto sum_of = [&](const T* v) { return static_cast<double>(kernels<T>().sum(v, batch.rows)); };
  double total = weights == nullptr ? static_cast<double>(batch.rows) : sum_of(weights);
  double sum = sum_of(loss_.row_loss());
  if (group.many && !group.first) {
    total += group_weight_;
    sum += group_loss_;
  }
  return total > 0 ? sum / total : 0;
}

template <class T>
Kept<T> Step<T>::kept_of(Group group) const {
  if (!whole_) return {};
  if (!group.many) return {gradient_.data(), Keep::alone, T{1}};
  const Keep keep = group.first ? Keep::first_of_sum : Keep::next_of_sum;
  return {gradient_.data(), keep, static_cast<T>(batch_weight_)};
}

// The factor that the norm of the whole gradient asks for
template <class T>
void Step<T>::limit(Member member, Limits<T>& limits) {
  if (clip_norm_ == __builtin_inf()) return;
  limits.shrink = norm_.factor(
      member, limits, clip_norm_, [&] { executor_.barrier(member); },
      [&](std::size_t) { return gradient_.data(); });
}

template <class T>
bool Step<T>::backward(Member member, const DataSource& data, Batch batch, Batch next, Group group,
                       Update<T> update) {
  if (!gradients(member, data, batch, next, update, kept_of(group))) return false;
  if (!whole_) return true;
  average(member, batch);
  if (group.many) {
    const double total = (group.first ? 0 : group_weight_) + batch_weight_;
    update.limits.mean = static_cast<T>(total > 0 ? 1 / total : 0);
  }
  limit(member, update.limits);
  for_parameters(member, [&](Range r) { kernels<T>().update(update, gradient_.data(), r); });
  return true;
}

template <class T>
bool Step<T>::backward_of_part(Member member, const DataSource& data, Batch batch, Batch next, Group group,
                               T* parameters) {
  const Update<T> nothing{0, nullptr, parameters, nullptr, 0};
  if (!gradients(member, data, batch, next, nothing, kept_of(group))) return false;
  average(member, batch);
  if (member.thread == 0) {
    group_weight_ = (group.first ? 0 : group_weight_) + batch_weight_;
    group_loss_ = (group.first ? 0 : group_loss_) + batch_loss_;
  }
  executor_.barrier(member);
  return true;
}

template <class T>
bool Step<T>::backward_twice(Member member, const DataSource& data, Batch batch, Batch next,
                             Update<T> update) {
  const Batch none{next.number, next.first, 0};
  const double loss = batch_loss_;
  if (!gradients(member, data, batch, none, update, {gradient_.data()})) return false;
  if (member.thread == 0) averages_.note(nodes_.normalizers, batch);
  for_parameters(member, [&](Range r) { kernels<T>().shift(update, shifted_.data(), gradient_.data(), r); });
  if (!forward(member, batch, shifted_.data())) return false;
  if (member.thread == 0) batch_loss_ = loss;
  Update<T> at_shifted = update;
  at_shifted.parameters = shifted_.data();
  if (!gradients(member, data, batch, next, at_shifted, {second_.data()})) return false;
  update.second = second_.data();
  if (member.thread == 0) averages_.add(nodes_.normalizers);
  limit(member, update.limits);
  for_parameters(member, [&](Range r) { kernels<T>().update(update, gradient_.data(), r); });
  return true;
}

#define FANIN_INSTANTIATE(T)                                                                   \
  template void Step<T>::allocate(const Method&, const std::vector<Segment>&);                 \
  template Kept<T> Step<T>::kept_of(Group) const;                                              \
  template void Step<T>::limit(Member, Limits<T>&);                                            \
  template void Step<T>::limit_norm(double, const std::vector<Segment>&);                      \
  template double Step<T>::mean_loss(Batch, Group) const;                                      \
  template bool Step<T>::backward(Member, const DataSource&, Batch, Batch, Group, Update<T>);  \
  template bool Step<T>::backward_of_part(Member, const DataSource&, Batch, Batch, Group, T*); \
  template bool Step<T>::backward_twice(Member, const DataSource&, Batch, Batch, Update<T>);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)

}  // namespace fanin
