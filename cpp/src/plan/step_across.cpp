// The gradient of a batch of which each rank has some rows: the sum over all ranks, as each divides by the
// weight of the whole batch. The sum of the upper layers' gradients is under way while those of the lower
// layers are computed.
#include <algorithm>

#include "plan/step.hpp"

namespace fanin {

// `step` is that of the first block. A group of batches is added up after its last one, because the batches
// of some ranks may have memory of their own.
template <class T>
bool Step<T>::gradient_across(Member member, const Turn<T>& turn, StepOf<T>& step, double total) {
  T* const whole = step.sink.whole;
  step.across = &across_;
  const std::size_t count = blocks(turn.batch.rows);
  const bool adds_up = !turn.group.many;
  const auto start = [&] {
    if (member.thread == 0) {
      across_.start({batch_loss_, loss_.failed() ? 1.0 : 0.0, asked_ ? 1.0 : 0.0});
    }
  };
  if (turn.batch.rows == 0) {
    executor_.barrier(member);
    if (member.thread == 0) {
      batch_loss_ = 0;
      batch_weight_ = total;
      square_of_weights_ = of_weights_.sum();
      if (step.sink.into == Into::alone || step.sink.into == Into::first_of_sum) {
        std::fill_n(whole, nodes_.table.size, T{0});
      }
    }
    start();
    gather(member, turn.data, turn.next);
    if (adds_up && member.thread == 0) across_.add_all(whole);
    return agree_across(member);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const bool last = i + 1 == count;
    step.next = last ? block(turn.next, 0) : block(turn.batch, i + 1);
    step.adds_up = adds_up && last;
    forward_block(member, step, total, i == 0);
    if (last) start();
    backward_block(member, step, true);
    step.batch = step.next;
    step.sink.into = Into::continued;
  }
  return agree_across(member);
}

// Waits for the sums; all ranks then continue or stop together.
template <class T>
bool Step<T>::agree_across(Member member) {
  if (member.thread == 0) {
    const auto [loss, failed, interrupted] = across_.wait();
    batch_loss_ = loss;
    if (failed > 0) loss_.fail();
    if (interrupted > 0) executor_.interrupt();
  }
  executor_.barrier(member);
  const bool goes_on = !loss_.failed() && !interrupted();
  executor_.barrier(member);  // the next batch may fail before a slow thread has read this
  return goes_on;
}

template <class T>
void Step<T>::add_group_across(Member member) {
  if (member.thread == 0) {
    across_.add_all(gradient_.data());
    across_.wait();
  }
  executor_.barrier(member);
}

// The mean over the ranks, by rows, of what each has noted of its rows
template <class T>
void Step<T>::average_statistics(const Batch& batch) const {
  const std::span<T> noted = statistics_.noted();
  if (noted.empty()) return;
  const T share = static_cast<T>(static_cast<double>(batch.rows) / across_.rows(batch.number));
  for (T& value : noted) value *= share;
  across_.sum(noted);
}

#define FANIN_INSTANTIATE(T)                                                          \
  template bool Step<T>::gradient_across(Member, const Turn<T>&, StepOf<T>&, double); \
  template bool Step<T>::agree_across(Member);                                        \
  template void Step<T>::add_group_across(Member);                                    \
  template void Step<T>::average_statistics(const Batch&) const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
