// Dropout in a step: right after what it drops, on the same thread.
#include <cmath>

#include "base/random.hpp"
#include "base/registry.hpp"
#include "plan/step.hpp"

namespace fanin {
namespace {

constexpr double kNumbers = 0x1p16;  // how many a random number of 16 bits can be

// how many of them stand for what is dropped: all but one at most
std::uint32_t dropped_of(double rate) {
  const double rounded = std::floor(rate * kNumbers + 0.5);
  return static_cast<std::uint32_t>(rounded < kNumbers ? rounded : kNumbers - 1);
}

}  // namespace

template <class T>
KeptElements<T> Step<T>::kept(std::size_t layer) const {
  const auto& dropout = dropout_after(layer);
  if (!dropout) return {nullptr, T{1}};
  return {work_.kept(layer), static_cast<T>(kNumbers / (kNumbers - dropped_of(dropout->rate)))};
}

template <class T>
void Step<T>::drop(std::size_t layer, Batch batch, Range panels, Range rows) {
  const auto& dropout = dropout_after(layer);
  if (!dropout || rows.begin == rows.end) return;
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  kernels<T>().drop({work_.out(layer, batch),
                     read_only(work_.a(layer, batch)),
                     kept(layer),
                     {low(random_.seed), low(random_.seed >> 32)},
                     {low(batch.number), low(random_.epoch), word_of_dropout(dropout->number)},
                     dropped_of(dropout->rate)},
                    panels, rows);
}

// Some rows of a batch from the user's arrays, and the dropout of inputs
template <class T>
void Step<T>::gather_share(const DataSource& data, Batch batch, Range rows) {
  work_.gather(data, batch, rows);
  drop(0, batch, {0, work_.a(0, batch).count()}, rows);
}

template <class T>
void Step<T>::gather(Member member, const DataSource& data, Batch batch) {
  gather_share(data, batch, Share(member.thread, member.threads, 1).take(batch.rows, 1));
  barrier(member);
}

#define FANIN_INSTANTIATE(T)                                       \
  template void Step<T>::gather(Member, const DataSource&, Batch); \
  template KeptElements<T> Step<T>::kept(std::size_t) const;       \
  template void Step<T>::drop(std::size_t, Batch, Range, Range);   \
  template void Step<T>::gather_share(const DataSource&, Batch, Range);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)

}  // namespace fanin
