// Sequences in prediction: blocks of sequences of about the same length pass through the layers window by
// window, each block on one thread. What recurrent layers carry makes windows give the bits of the whole.
#pragma once

#include <numeric>

#include "network/block.hpp"

namespace fanin {

// Sequences of a block: enough to reuse weights. Rows of a window, unless it has one step of each.
inline constexpr std::size_t kBlockSequences = 32, kWindowRows = 1024;

// Sequences of a block if its borders do not matter
template <class T>
std::size_t even_sequences(const Nodes<T>& nodes, const Samples& x) {
  const auto team = static_cast<std::size_t>(claim_for(flops_of(nodes, rows_of(x))).threads());
  return std::clamp((x.starts.size() - 1 + team - 1) / team, std::size_t{1}, 2 * kBlockSequences);
}

// The number of the block, and the targets of a window's outputs
struct OfWindow {
  std::size_t block;
  std::span<const std::uint32_t> targets;
};

// The members of a team each have one.
struct WindowRows {
  std::vector<std::uint32_t> begins, rows;
};

// f(memory, flow, of window) for each window of each block that has outputs, in the order of time: all of
// them or, if each sequence has one output, the last one. Throws InterruptedError if `interrupted` returns
// true.
template <class T, class F>
void for_each_window(const Nodes<T>& nodes, const Folded<T>& net, const Inputs& inputs, std::size_t at_a_time,
                     std::size_t target_columns, const std::function<bool()>& interrupted, F&& f) {
  const std::span<const std::uint64_t> starts = inputs.x.starts;
  std::vector<std::uint32_t> order(starts.size() - 1);
  std::iota(order.begin(), order.end(), 0U);
  sort_by_length(order, starts);
  const std::size_t blocks = (order.size() + at_a_time - 1) / at_a_time,
                    most_sequences = std::min(at_a_time, order.size()),
                    most_rows = std::max(kWindowRows, most_sequences);
  const int team = static_cast<int>(
      std::min(static_cast<std::size_t>(claim_for(flops_of(nodes, rows_of(inputs.x))).threads()), blocks));
  const BlockInputs<T> from(nodes, net.parameters, inputs, most_rows, team);
  const std::size_t widest = std::max(nodes.widest, rounded<T>(from.columns()));
  const std::size_t carried = most_sequences * nodes.carried;
  const std::size_t size = carried + Block<T>::size(nodes, widest, most_rows, target_columns);
  const Scratch<T> memory(size * static_cast<std::size_t>(team), team);
  std::vector<WindowRows> windows(static_cast<std::size_t>(team));
  for (WindowRows& window : windows) {
    window.begins.reserve(kWindowRows + 1);
    window.rows.reserve(most_rows);
  }
  Barrier barrier;
  std::atomic<bool> stopped{false};
  double last_asked = interrupted ? seconds_now() : 0;
  const auto may_continue = [&](int thread) {
    if (interrupted && thread == 0 && seconds_now() - last_asked > kSecondsBetweenPolls) {
      if (interrupted()) stopped.store(true, std::memory_order_relaxed);
      last_asked = seconds_now();
    }
    return !stopped.load(std::memory_order_relaxed);
  };
  run_call(team, [&](int thread, int threads) {
    T* const own = memory.data() + static_cast<std::size_t>(thread) * size;
    WindowRows& window = windows[static_cast<std::size_t>(thread)];
    const Range mine = Share(thread, threads, 1).take(blocks, 1);
    for (std::size_t b = mine.begin; b < mine.end; ++b) {
      const std::size_t first = b * at_a_time;
      const std::span<const std::uint32_t> some =
          std::span<const std::uint32_t>(order).subspan(first, std::min(at_a_time, order.size() - first));
      const std::size_t longest = length_of(starts, some.front()),
                        length = std::max<std::size_t>(1, kWindowRows / some.size());
      for (std::size_t time = 0; time < longest && may_continue(thread); time += length) {
        window.begins.clear();
        window.rows.clear();
        const std::size_t alive = add_window(some, starts, time, length, window.begins, window.rows);
        const Timeline timeline{window.begins.data(), window.begins.size() - 1, alive, 0, time > 0};
        const std::size_t rows = timeline.rows();
        const Block<T> block(nodes, widest, std::max(rows, some.size()), target_columns, own + carried);
        Flow<T> flow = block.flow(net, from.columns(), {0, 1}, barrier);
        flow.x.rows = rows;
        flow.time = {&timeline, own, some.size(), time + length >= longest};
        from.gather(thread, flow.x, window.rows.data(), {0, rows});
        from.give(thread, flow);
        predict_all(nodes.list, flow);
        if (flow.ended) continue;
        f(block, flow,
          OfWindow{b, nodes.over == Over::steps ? std::span<const std::uint32_t>(window.rows) : some});
      }
    }
  });
  if (stopped.load()) throw InterruptedError("interrupted");
}

}  // namespace fanin
