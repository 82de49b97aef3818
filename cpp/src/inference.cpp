// Prediction and evaluation: blocks of rows go through all layers, each block on one thread, without a
// barrier. A single block whose weights take long to read is shared by all threads, panel by panel.
#include <algorithm>
#include <cmath>

#include "checks.hpp"
#include "gather.hpp"
#include "model.hpp"
#include "row_major.hpp"
#include "team.hpp"
#include "workspace.hpp"

namespace fanin {
namespace {

// Rows of a block: enough to use weights while they are in cache, few enough that activations stay in L2.
constexpr std::size_t kBlockRows = 2 * kRowBlock;

// A layer takes about as long as its multiply-adds, or as reading its weights where rows are few. Below this
// much work, about 100 us, sleeping threads would wake up too late to help with a single block.
constexpr double kWeightFlops = 10;
constexpr double kSharedFlops = 1e7;

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

  // `input` through all layers, by the members of a team together
  void forward(const T* parameters, Member member, Barrier& barrier) const {
    for (std::size_t l = 1; l <= layout_.layers.size(); ++l) {
      const LayerLayout& shape = layout_.layers[l - 1];
      const Forward<T> f{a(l),
                         z(shape),
                         read_only(a(l - 1)),
                         Layout<T>::weights(parameters, shape),
                         parameters + shape.biases,
                         shape.activation};
      kernels<T>().forward(f, Share(member.thread, member.threads, 1).take(f.a.count(), 1), {0, rows_});
      barrier.wait(member.threads);
    }
  }

 private:
  std::size_t part() const { return rows_ * layout_.widest; }
  Panels<T> a(std::size_t layer) const {
    return {memory_ + layer % 2 * part(), rows_,
            layer == 0 ? layout_.layers.front().inputs : layout_.layers[layer - 1].units};
  }
  Panels<T> z(const LayerLayout& shape) const {
    return {shape.needs_input ? memory_ + 2 * part() : nullptr, rows_, shape.units};
  }

  const Layout<T>& layout_;
  std::size_t target_columns_, rows_;
  T* memory_;
};

// f(block, its rows of x) for every block of x, after it went through the layers
template <class T, class F>
void for_each_block(const Layout<T>& layout, const T* parameters, const Samples& x,
                    std::size_t target_columns, F&& f) {
  const std::size_t rows = rows_of(x), blocks = (rows + kBlockRows - 1) / kBlockRows;
  double flops = 0;
  for (const LayerLayout& layer : layout.layers) {
    flops += (2.0 * static_cast<double>(rows) + kWeightFlops) * static_cast<double>(layer.inputs) *
             static_cast<double>(layer.units);
  }
  const bool shared = blocks == 1 && flops > kSharedFlops;
  const std::size_t size = Block<T>::size(layout, std::min(rows, kBlockRows), target_columns);
  const int team =
      shared ? team_size() : static_cast<int>(std::min(static_cast<std::size_t>(threads_for(flops)), blocks));
  T* const all_memory = scratch<T>(shared ? size : size * static_cast<std::size_t>(team));
  Barrier barrier;
  run_team(team, [&](int thread, int threads) {
    const Member all{thread, threads}, alone{0, 1};
    const Range mine = shared ? Range{0, 1} : Share(thread, threads, 1).take(blocks, 1);
    T* const memory = shared ? all_memory : all_memory + static_cast<std::size_t>(thread) * size;
    for (std::size_t b = mine.begin; b < mine.end; ++b) {
      const Range of_x{b * kBlockRows, std::min(rows, (b + 1) * kBlockRows)};
      const Block<T> block(layout, of_x.end - of_x.begin, target_columns, memory);
      if (!shared || thread == 0) {
        gather_samples(x, block.input(), nullptr, of_x.begin, {0, of_x.end - of_x.begin});
      }
      if (shared) barrier.wait(threads);
      block.forward(parameters, shared ? all : alone, barrier);
      if (!shared || thread == 0) f(block, of_x);
    }
  });
}

}  // namespace

template <class T>
void Network<T>::predict(const Samples& x, MatrixView<T> out) const {
  const State& net = *state_;
  check_samples<T>(x, inputs());
  if (out.rows != rows_of(x) || out.columns != outputs()) {
    throw ValueError("out: expected shape " + shape_text(rows_of(x), outputs()) + ", got " +
                     shape_text(out.rows, out.columns));
  }
  if (out.rows == 0) return;
  if (out.column_stride != 1 || out.row_stride < static_cast<std::ptrdiff_t>(out.columns)) {
    throw ValueError("out: expected contiguous rows that do not overlap");
  }
  const Use::Reading hold(net.use);
  for_each_block<T>(net.layout, net.folded(), x, 0, [&](const Block<T>& block, Range rows) {
    kernels<T>().outputs(static_cast<int>(net.loss.index()),
                         out.data + static_cast<std::ptrdiff_t>(rows.begin) * out.row_stride,
                         static_cast<std::size_t>(out.row_stride), block.outputs(),
                         {0, rows.end - rows.begin});
  });
}

template <class T>
Evaluation Network<T>::evaluate(const Samples& x, const Targets& y, SampleWeights weights) const {
  const State& net = *state_;
  const std::size_t rows = rows_of(x);
  if (rows == 0) throw ValueError("X: expected at least one row to evaluate, got none");
  check_data<T>(x, y, weights, inputs(), outputs(), net.loss);
  const ScaledWeights scaled(weights);
  const Use::Reading hold(net.use);
  const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  std::vector<double> block_loss(blocks), block_score(blocks);
  const std::size_t target_columns = columns_of_targets(y);
  for_each_block<T>(net.layout, net.folded(), x, target_columns, [&](const Block<T>& block, Range r) {
    const std::size_t count = r.end - r.begin, number = r.begin / kBlockRows;
    std::int32_t labels[kBlockRows];
    gather_targets(y, labels, block.targets(), nullptr, r.begin, {0, count});
    T* row_weight = weights.empty() ? nullptr : block.row_weight();
    for (std::size_t i = 0; row_weight != nullptr && i < count; ++i)
      row_weight[i] = static_cast<T>(scaled[r.begin + i]);
    kernels<T>().loss({block.row_loss(),
                       block.row_score(),
                       {nullptr, count, outputs()},
                       {nullptr, outputs(), count},
                       block.last_z(),
                       block.outputs(),
                       read_only(block.targets()),
                       target_columns == 0 ? labels : nullptr,
                       row_weight,
                       T{1},
                       net.loss_for_kernels.get(),
                       net.layout.layers.back().activation},
                      {0, count});
    block_loss[number] = static_cast<double>(kernels<T>().sum(block.row_loss(), count));
    block_score[number] = static_cast<double>(kernels<T>().sum(block.row_score(), count));
  });
  const auto total = [](const std::vector<double>& sums) {
    double sum = 0;
    for (const double part : sums) sum += part;
    return sum;
  };
  double weight = scaled.empty() ? static_cast<double>(rows) : 0;
  for (std::size_t i = 0; i < scaled.size(); ++i) weight += scaled[i];
  const double scores =
      kind_of(net.loss) == TargetKind::labels ? weight : weight * static_cast<double>(outputs());
  const double mean_score = total(block_score) / scores;
  const double metric = std::visit([&](const auto& l) { return l.metric_of(mean_score); }, net.loss);
  return {total(block_loss) / weight, metric};
}

template void Network<float>::predict(const Samples&, MatrixView<float>) const;
template void Network<double>::predict(const Samples&, MatrixView<double>) const;
template Evaluation Network<float>::evaluate(const Samples&, const Targets&, SampleWeights) const;
template Evaluation Network<double>::evaluate(const Samples&, const Targets&, SampleWeights) const;

}  // namespace fanin
