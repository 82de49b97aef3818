// A team of threads for one call, its barrier, and the division of a phase's work among them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/floating_point.hpp"
#include "kernels/table.hpp"

namespace fanin {

// Runs body(thread, threads) on each thread of a team of at most `threads`; the body's `threads` is the
// actual size of the team. The body must not throw.
void run_team(int threads, void (*body)(void* context, int thread, int threads), void* context);

template <class F>
void run_team(int threads, F&& body) {
  run_team(
      threads, [](void* context, int thread, int count) { (*static_cast<F*>(context))(thread, count); },
      &body);
}

// Waits until all threads have arrived: first a short spin, because a phase takes microseconds, then sleep,
// because the thread waited for may need the processor.
class Barrier {
 public:
  // Returns the seconds waited beyond the first microsecond or so.
  double wait(int threads);

 private:
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;
  std::condition_variable awake_;
};

struct Member {
  int thread, threads;
};

// The share of one thread in a phase of one or more jobs. Jobs are laid end to end by cost and cut evenly:
//   Share share(thread, threads, cost_a + cost_b);
//   run_a(share.take(units_a, cost_a));  run_b(share.take(units_b, cost_b));
class Share {
 public:
  Share(int thread, int threads, double cost)
      : begin_(cost * thread / threads),
        end_(cost * (thread + 1) / threads),
        last_(thread + 1 == threads),
        alone_(threads == 1) {}

  // The units that have their middle in this thread's part of the whole
  Range take(std::size_t units, double cost) {
    if (alone_) return {0, units};
    const double start = position_, unit = cost / static_cast<double>(units);
    position_ += cost;
    return {first_after(begin_ - start, unit, units), last_ ? units : first_after(end_ - start, unit, units)};
  }

 private:
  static std::size_t first_after(double position, double unit, std::size_t units) {
    const double count = position / unit + 0.5;
    if (!(count > 0)) return 0;
    return count >= static_cast<double>(units) ? units : static_cast<std::size_t>(count);
  }
  double begin_, end_, position_ = 0;
  bool last_, alone_;
};

// Assigns each thread the same units at every call, so that they are still in its cache; but a thread that is
// done takes over units of others, because a processor may be slower, or busy.
class Turns {
 public:
  // Threads take `few` units at a time; a single thread takes all.
  Turns(std::size_t units, std::size_t few, int threads)
      : few_(threads == 1 ? units : few), parts_(static_cast<std::size_t>(threads)) {
    for (int thread = 0; thread < threads; ++thread) {
      const Range part = Share(thread, threads, 1).take(units, 1);
      parts_[static_cast<std::size_t>(thread)].next.store(part.begin, std::memory_order_relaxed);
      parts_[static_cast<std::size_t>(thread)].end = part.end;
    }
  }

  // f(some units), until none are left
  template <class F>
  void take(int thread, F&& f) {
    const std::size_t count = parts_.size();
    for (std::size_t i = 0; i < count; ++i) {
      Part& part = parts_[(static_cast<std::size_t>(thread) + i) % count];
      for (;;) {
        const std::size_t begin = part.next.fetch_add(few_, std::memory_order_relaxed);
        if (begin >= part.end) break;
        f(Range{begin, begin + few_ < part.end ? begin + few_ : part.end});
      }
    }
  }

 private:
  struct alignas(64) Part {
    std::atomic<std::size_t> next{0};
    std::size_t end = 0;
  };
  std::size_t few_;
  std::vector<Part> parts_;
};

// Units of work are the cells of a table, numbered row by row. f(rows, columns) for each of the at most three
// rectangles that make up a range of them.
template <class F>
void for_each_rectangle(Range units, std::size_t columns, F&& f) {
  for (std::size_t unit = units.begin; unit < units.end;) {
    const std::size_t row = unit / columns, column = unit % columns, left = units.end - unit;
    if (column == 0 && left >= columns) {
      f(Range{row, row + left / columns}, Range{0, columns});
      unit += left / columns * columns;
    } else {
      const std::size_t count = left < columns - column ? left : columns - column;
      f(Range{row, row + 1}, Range{column, column + count});
      unit += count;
    }
  }
}

inline std::size_t row_blocks(std::size_t rows) { return (rows + kRowBlock - 1) / kRowBlock; }

// The rows of some blocks of 64
inline Range rows_of_blocks(Range blocks, std::size_t rows) {
  return {blocks.begin * kRowBlock, blocks.end * kRowBlock < rows ? blocks.end * kRowBlock : rows};
}

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace fanin
