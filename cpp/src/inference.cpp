// Prediction and evaluation: blocks of rows go through all layers, each block on one thread, without a
// barrier.
#include <algorithm>
#include <cmath>

#include "checks.hpp"
#include "gather.hpp"
#include "model.hpp"
#include "team.hpp"
#include "workspace.hpp"

namespace fanin {
namespace {

// Rows of a block: enough to use weights while they are in cache, few enough that activations stay in L2.
constexpr std::size_t kBlockRows = 2 * kRowBlock;

// Work below which a second thread does not pay
constexpr double kTeamFlops = 2e6;

// Memory of one thread: activations of two layers in turn, z where an activation needs it, and what a loss
// needs.
template <class T>
class Scratch {
 public:
  Scratch(const Layout<T>& layout, std::size_t rows, std::size_t target_columns)
      : layout_(layout),
        target_columns_(target_columns),
        part_(rows * layout.widest),
        memory_(part_ * 3 + rows * (3 + Layout<T>::rounded(target_columns))),
        rows_(rows) {}

  Panels<T> input(std::size_t rows) { return {memory_.data(), rows, layout_.layers.front().inputs}; }
  T* row_loss() { return memory_.data() + 3 * part_; }
  T* row_score() { return row_loss() + rows_; }
  T* row_weight() { return row_score() + rows_; }
  Panels<T> targets(std::size_t rows) { return {row_weight() + rows_, rows, target_columns_}; }

  // outputs of the last layer for the rows in `input`
  Panels<const T> forward(const T* parameters, std::size_t rows) {
    Panels<T> x = input(rows);
    for (std::size_t l = 0; l < layout_.layers.size(); ++l) {
      const LayerLayout& shape = layout_.layers[l];
      const Panels<T> a{memory_.data() + (l % 2 == 0 ? part_ : 0), rows, shape.units};
      kernels<T>().forward({a, z(rows, shape), read_only(x), Layout<T>::weights(parameters, shape),
                            parameters + shape.biases, shape.activation},
                           {0, a.count()}, {0, rows});
      x = a;
    }
    return read_only(x);
  }
  Panels<const T> last_z(std::size_t rows) { return read_only(z(rows, layout_.layers.back())); }

 private:
  Panels<T> z(std::size_t rows, const LayerLayout& shape) {
    return {shape.needs_input ? memory_.data() + 2 * part_ : nullptr, rows, shape.units};
  }

  const Layout<T>& layout_;
  std::size_t target_columns_, part_;
  Buffer<T> memory_;
  std::size_t rows_;
};

// f(scratch, block number, rows of x) for every block of x, after gathering it
template <class T, class F>
void for_each_block(const Layout<T>& layout, const Samples& x, std::size_t target_columns, F&& f) {
  const std::size_t rows = rows_of(x), blocks = (rows + kBlockRows - 1) / kBlockRows;
  double flops = 0;
  for (const LayerLayout& layer : layout.layers) {
    flops += 2.0 * static_cast<double>(rows) * static_cast<double>(layer.inputs) *
             static_cast<double>(layer.units);
  }
  const std::size_t useful = flops < kTeamFlops ? 1 : std::min(blocks, static_cast<std::size_t>(team_size()));
  std::vector<Scratch<T>> scratch;
  for (std::size_t t = 0; t < useful; ++t)
    scratch.emplace_back(layout, std::min(rows, kBlockRows), target_columns);
  run_team(static_cast<int>(useful), [&](int thread, int team) {
    const Range share = Share(thread, team, 1).take(blocks, 1);
    Scratch<T>& mine = scratch[static_cast<std::size_t>(thread)];
    for (std::size_t b = share.begin; b < share.end; ++b) {
      const std::size_t first = b * kBlockRows, count = std::min(kBlockRows, rows - first);
      gather_samples(x, mine.input(count), nullptr, first, {0, count});
      f(mine, b, Range{first, first + count});
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
  for_each_block<T>(net.layout, x, 0, [&](Scratch<T>& scratch, std::size_t, Range rows) {
    const std::size_t count = rows.end - rows.begin;
    const Panels<const T> a = scratch.forward(net.parameters.data(), count);
    kernels<T>().outputs(static_cast<int>(net.loss.index()),
                         out.data + static_cast<std::ptrdiff_t>(rows.begin) * out.row_stride,
                         static_cast<std::size_t>(out.row_stride), a, {0, count});
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
  for_each_block<T>(net.layout, x, columns_of_targets(y),
                    [&](Scratch<T>& scratch, std::size_t block, Range r) {
                      const std::size_t count = r.end - r.begin;
                      const Panels<const T> a = scratch.forward(net.parameters.data(), count);
                      std::int32_t labels[kBlockRows];
                      gather_targets(y, labels, scratch.targets(count), nullptr, r.begin, {0, count});
                      T* row_weight = weights.empty() ? nullptr : scratch.row_weight();
                      for (std::size_t i = 0; row_weight != nullptr && i < count; ++i)
                        row_weight[i] = static_cast<T>(scaled[r.begin + i]);
                      kernels<T>().loss({scratch.row_loss(),
                                         scratch.row_score(),
                                         {nullptr, count, outputs()},
                                         {nullptr, outputs(), count},
                                         scratch.last_z(count),
                                         a,
                                         read_only(scratch.targets(count)),
                                         columns_of_targets(y) == 0 ? labels : nullptr,
                                         row_weight,
                                         T{1},
                                         net.loss_for_kernels.get(),
                                         net.layout.layers.back().activation},
                                        {0, count});
                      block_loss[block] = static_cast<double>(kernels<T>().sum(scratch.row_loss(), count));
                      block_score[block] = static_cast<double>(kernels<T>().sum(scratch.row_score(), count));
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
