// Blocks of rows that pass through the layers in prediction: each block on one thread, without barriers. A
// single block of a network with large weights is shared by all threads, panel by panel.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>

#include "network/block_inputs.hpp"
#include "team/scratch.hpp"
#include "team/team.hpp"

namespace fanin {

// Rows of a block: enough to reuse weights while they are in cache, few enough for activations to fit in L2.
inline constexpr std::size_t kBlockRows = 2 * kRowBlock;

// The cost of a layer is that of its multiply-adds, plus that of reading its weights, which takes as long as
// this many rows. Below this much work, about 40 us, sleeping threads would wake too late to help with a
// single block.
inline constexpr double kWeightRows = 5;
inline constexpr double kSharedFlops = 5e6;

// A thread with this many rows of its own computes for longer than it reads weights, and needs no barrier.
inline constexpr std::size_t kRowsAlone = 32;

// Seconds between calls of `interrupted`
inline constexpr double kSecondsBetweenPolls = 0.03;

// Up to this much memory is on the stack, so that predicting a row or two never allocates.
inline constexpr std::size_t kFewBytes = 16384;

// The memory of a block: the matrices that its rows pass through, and what a loss needs.
template <class T>
class Block {
 public:
  // `widest`: columns of the widest matrix, rounded up to whole panels
  Block(const Nodes<T>& nodes, std::size_t widest, std::size_t rows, std::size_t target_columns, T* memory)
      : nodes_(nodes), widest_(widest), target_columns_(target_columns), rows_(rows), memory_(memory) {}
  static std::size_t size(const Nodes<T>& nodes, std::size_t widest, std::size_t rows,
                          std::size_t target_columns) {
    return rounded<T>(rows * (parts(nodes) * widest + 3 + rounded<T>(target_columns)));
  }

  T* row_loss() const { return memory_ + parts(nodes_) * part(); }
  T* row_score() const { return row_loss() + rows_; }
  T* row_weight() const { return row_score() + rows_; }
  Panels<T> targets() const { return {row_weight() + rows_, rows_, target_columns_}; }

  // Of so many gathered columns
  Flow<T> flow(const Folded<T>& net, std::size_t columns, Member member, Barrier& barrier) const {
    return {net, rows_, columns, memory_, part(), member, barrier};
  }

 private:
  // x, a node's output and z, or what a recurrent layer works with; and what each layer with inner layers
  // holds in the meantime
  static std::size_t parts(const Nodes<T>& nodes) { return (nodes.over == Over::rows ? 3 : 5) + nodes.depth; }
  std::size_t part() const { return rows_ * widest_; }

  const Nodes<T>& nodes_;
  std::size_t widest_, target_columns_, rows_;
  T* memory_;
};

template <class T>
double flops_of(const Nodes<T>& nodes, std::size_t rows) {
  return nodes.flops() * (static_cast<double>(rows) + kWeightRows);
}

// Rows of a block if block boundaries do not matter: the same number of equal blocks for each thread.
template <class T>
std::size_t even_block_rows(const Nodes<T>& nodes, std::size_t rows) {
  const auto team = static_cast<std::size_t>(claim_for(flops_of(nodes, rows)).threads());
  if (rows < team * kRowsAlone) return kBlockRows;
  const std::size_t rounds = (rows + team * kBlockRows - 1) / (team * kBlockRows);
  return (rows + rounds * team - 1) / (rounds * team);
}

// f(block, its flow, its rows of x) for every block of these rows of x, after it has passed through the
// nodes, or as far as the watched batch norm. Throws InterruptedError if `interrupted` returns true.
template <class T, class F>
void for_each_block(const Nodes<T>& nodes, const Folded<T>& net, const Inputs& inputs, Range of_samples,
                    std::size_t block_rows, std::size_t target_columns, const Normalizer<T>* watched,
                    const std::function<bool()>& interrupted, F&& f) {
  const std::size_t rows = of_samples.end - of_samples.begin, blocks = (rows + block_rows - 1) / block_rows;
  const double flops = flops_of(nodes, rows);
  const bool shared = blocks == 1 && flops > kSharedFlops;
  const Claim claim = claim_for(flops);
  const int team = shared ? claim.threads()
                          : static_cast<int>(std::min(static_cast<std::size_t>(claim.threads()), blocks));
  const BlockInputs<T> from(nodes, net.parameters, inputs, std::min(rows, block_rows), shared ? 1 : team);
  const std::size_t widest = std::max(nodes.widest, rounded<T>(from.columns()));
  const std::size_t size = Block<T>::size(nodes, widest, std::min(rows, block_rows), target_columns);
  const std::size_t wanted = shared ? size : size * static_cast<std::size_t>(team);
  alignas(64) T few[kFewBytes / sizeof(T)];
  const bool fits = wanted <= std::size(few);
  const Scratch<T> more(fits ? 0 : wanted, team);
  T* const all_memory = fits ? few : more.data();
  Barrier barrier;
  std::atomic<bool> stopped{false};
  const bool asks = interrupted && blocks > 1;
  double last_asked = asks ? seconds_now() : 0;
  const auto may_continue = [&](int thread) {
    if (asks && thread == 0 && seconds_now() - last_asked > kSecondsBetweenPolls) {
      if (interrupted()) stopped.store(true, std::memory_order_relaxed);
      last_asked = seconds_now();
    }
    return !stopped.load(std::memory_order_relaxed);
  };
  run_call(team, [&](int thread, int threads) {
    const Member all{thread, threads}, alone{0, 1};
    const Range mine = shared ? Range{0, 1} : Share(thread, threads, 1).take(blocks, 1);
    T* const memory = shared ? all_memory : all_memory + static_cast<std::size_t>(thread) * size;
    for (std::size_t b = mine.begin; b < mine.end && may_continue(thread); ++b) {
      const Range of_x{of_samples.begin + b * block_rows,
                       of_samples.begin + std::min(rows, (b + 1) * block_rows)};
      const Block<T> block(nodes, widest, of_x.end - of_x.begin, target_columns, memory);
      Flow<T> flow = block.flow(net, from.columns(), shared ? all : alone, barrier);
      const int owner = shared ? 0 : thread;
      if (owner == thread) from.gather(owner, flow.x, nullptr, of_x);
      if (shared) barrier.wait(threads);
      from.give(owner, flow);
      flow.watched = watched;
      predict_all(nodes.list, flow);
      if (!shared || thread == 0) f(block, flow, of_x);
    }
  });
  if (stopped.load()) throw InterruptedError("interrupted");
}

}  // namespace fanin
