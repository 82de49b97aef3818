// Blocks of rows on their way through the layers, as in prediction: each block on one thread, without a
// barrier. A single block whose weights take long to read is shared by all threads, panel by panel.
#pragma once

#include <algorithm>

#include "data/gather.hpp"
#include "network/model.hpp"
#include "team/scratch.hpp"
#include "team/team.hpp"

namespace fanin {

// Rows of a block: enough to use weights while they are in cache, few enough that activations stay in L2.
inline constexpr std::size_t kBlockRows = 2 * kRowBlock;

// A layer takes about as long as its multiply-adds, or as reading its weights where rows are few. Below this
// much work, about 40 us, sleeping threads would wake up too late to help with a single block.
inline constexpr double kWeightFlops = 10;
inline constexpr double kSharedFlops = 5e6;

// A thread with that many rows of its own computes for longer than it reads weights, and needs no barrier.
inline constexpr std::size_t kRowsAlone = 32;

// Memory for that much is on the stack, so that predicting a row or two never allocates.
inline constexpr std::size_t kFewBytes = 16384;

// What blocks go through: parameters with batch norm folded into them, and the averages that are taken away
// from the inputs where these are normalized. (Folding that too would lose their digits where they lie far
// from zero.)
template <class T>
struct Folded {
  const Layout<T>& layout;
  const T* parameters;
  const Averages<T>& averages;
};

// What goes through the layers: memory for activations of two layers in turn, z where an activation needs it,
// and what a loss needs.
template <class T>
class Block {
 public:
  static std::size_t size(const Layout<T>& layout, std::size_t rows, std::size_t target_columns) {
    return Layout<T>::rounded(rows * (3 * layout.widest + 3 + Layout<T>::rounded(target_columns)));
  }
  Block(const Layout<T>& layout, std::size_t rows, std::size_t target_columns, T* memory)
      : layout_(layout), target_columns_(target_columns), rows_(rows), memory_(memory) {}

  Panels<T> input() const { return {memory_, rows_, layout_.layers.front().inputs}; }
  T* row_loss() const { return memory_ + 3 * part(); }
  T* row_score() const { return row_loss() + rows_; }
  T* row_weight() const { return row_score() + rows_; }
  Panels<T> targets() const { return {row_weight() + rows_, rows_, target_columns_}; }
  Panels<const T> outputs() const { return read_only(a(layout_.layers.size())); }
  Panels<const T> last_z() const { return read_only(z(layout_.layers.back())); }
  // what the stages before `stage` give
  Panels<T> a(std::size_t stage) const {
    std::size_t dense = 0;
    for (std::size_t l = 0; l < stage; ++l) dense += layout_.layers[l].dense ? 1 : 0;
    return {memory_ + dense % 2 * part(), rows_,
            stage == 0 ? layout_.layers.front().inputs : layout_.layers[stage - 1].units};
  }
  Panels<T> spare(std::size_t columns) const { return {memory_ + 2 * part(), rows_, columns}; }

  // `input` through the stages before `end`, by the members of a team together
  void forward(const Folded<T>& net, std::size_t end, Member member, Barrier& barrier) const {
    for (std::size_t l = 0; l < end; ++l) {
      const LayerLayout& shape = layout_.layers[l];
      if (!shape.dense && l > 0) continue;  // it is in the weights of the next one
      const Range mine = Share(member.thread, member.threads, 1).take(a(l + 1).count(), 1);
      if (shape.dense) {
        const Forward<T> f{a(l + 1),
                           z(shape),
                           read_only(a(l)),
                           Layout<T>::weights(net.parameters, shape),
                           net.parameters + shape.biases,
                           shape.activation};
        kernels<T>().forward(f, mine, {0, rows_});
      } else {
        normalize_input(net, shape, mine);
      }
      barrier.wait(member.threads);
    }
  }

 private:
  std::size_t part() const { return rows_ * layout_.widest; }
  Panels<T> z(const LayerLayout& shape) const {
    return {shape.needs_input ? memory_ + 2 * part() : nullptr, rows_, shape.units};
  }
  void normalize_input(const Folded<T>& net, const LayerLayout& shape, Range panels) const {
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      const std::size_t first = p * kPanel<T>;
      T* const x = input().at(0, p);
      const auto width = static_cast<std::ptrdiff_t>(input().width(p));
      kernels<T>().normalize({x, width, x, width, net.averages.mean(shape) + first,
                              net.parameters + shape.gamma + first, net.parameters + shape.biases + first},
                             {0, rows_}, {0, input().width(p)});
    }
  }

  const Layout<T>& layout_;
  std::size_t target_columns_, rows_;
  T* memory_;
};

template <class T>
double flops_of(const Layout<T>& layout, std::size_t rows) {
  double flops = 0;
  for (const LayerLayout& layer : layout.layers) {
    flops += (2.0 * static_cast<double>(rows) + kWeightFlops) * static_cast<double>(layer.inputs) *
             static_cast<double>(layer.units);
  }
  return flops;
}

// Rows of a block where sums over blocks are nobody's concern: as many blocks for each thread, of one size.
template <class T>
std::size_t even_block_rows(const Layout<T>& layout, std::size_t rows) {
  const auto team = static_cast<std::size_t>(threads_for(flops_of(layout, rows)));
  if (rows < team * kRowsAlone) return kBlockRows;
  const std::size_t rounds = (rows + team * kBlockRows - 1) / (team * kBlockRows);
  return (rows + rounds * team - 1) / (rounds * team);
}

// f(block, its rows of x) for every block of these rows of x, after it went through the stages before `end`
template <class T, class F>
void for_each_block(const Folded<T>& net, std::size_t end, const Samples& x, Range of_samples,
                    std::size_t block_rows, std::size_t target_columns, F&& f) {
  const Layout<T>& layout = net.layout;
  const std::size_t rows = of_samples.end - of_samples.begin, blocks = (rows + block_rows - 1) / block_rows;
  const double flops = flops_of(layout, rows);
  const bool shared = blocks == 1 && flops > kSharedFlops;
  const std::size_t size = Block<T>::size(layout, std::min(rows, block_rows), target_columns);
  const int team =
      shared ? team_size() : static_cast<int>(std::min(static_cast<std::size_t>(threads_for(flops)), blocks));
  const std::size_t wanted = shared ? size : size * static_cast<std::size_t>(team);
  alignas(64) T few[kFewBytes / sizeof(T)];
  T* const all_memory = wanted <= std::size(few) ? few : scratch<T>(wanted);
  Barrier barrier;
  run_call(team, [&](int thread, int threads) {
    const Member all{thread, threads}, alone{0, 1};
    const Range mine = shared ? Range{0, 1} : Share(thread, threads, 1).take(blocks, 1);
    T* const memory = shared ? all_memory : all_memory + static_cast<std::size_t>(thread) * size;
    for (std::size_t b = mine.begin; b < mine.end; ++b) {
      const Range of_x{of_samples.begin + b * block_rows,
                       of_samples.begin + std::min(rows, (b + 1) * block_rows)};
      const Block<T> block(layout, of_x.end - of_x.begin, target_columns, memory);
      if (!shared || thread == 0) {
        gather_samples(x, block.input(), nullptr, of_x.begin, {0, of_x.end - of_x.begin});
      }
      if (shared) barrier.wait(threads);
      block.forward(net, end, shared ? all : alone, barrier);
      if (!shared || thread == 0) f(block, of_x);
    }
  });
}

}  // namespace fanin
