// Prediction and evaluation: blocks of rows, or windows of sequences, pass through all layers.
#include "data/checks.hpp"
#include "data/operands.hpp"
#include "data/sample_weights.hpp"
#include "network/block_scores.hpp"

namespace fanin {

template <class T>
void Network<T>::predict(const Samples& x, MatrixView<T> out,
                         const std::function<bool()>& interrupted) const {
  const State& net = *state_;
  check_samples<T>(x, inputs(), net.input_layer);
  check_sequences(x, net.nodes.over);
  out = checked_output("out", out, targets_of(x, net.nodes.over), outputs());
  check_apart(std::array{Named{"out", memory_of(out)}}, operands_of("X", x));
  if (out.rows == 0) return;
  const Access::Reading reading(net.access);
  check_learned(net.input_layer);
  const Folded<T> folded{net.folded(), net.statistics, net.projection.data()};
  const NodeSamples samples(net.input_layer.map, x);
  const Inputs from{samples.rows(), net.input_layer.columns(), net.layers};
  // Rows of the flow to those of `out` from `row` on
  const auto give = [&](const Flow<T>& flow, std::size_t row, Range rows) {
    kernels<T>().outputs(static_cast<int>(net.loss.index()),
                         out.data + static_cast<std::ptrdiff_t>(row) * out.row_stride,
                         static_cast<std::size_t>(out.row_stride), read_only(flow.x), rows);
  };
  if (net.nodes.over == Over::rows) {
    for_each_block<T>(net.nodes, folded, from, {0, out.rows}, even_block_rows(net.nodes, out.rows), 0,
                      nullptr, interrupted, [&](const Block<T>&, const Flow<T>& flow, Range rows) {
                        give(flow, rows.begin, {0, rows.end - rows.begin});
                      });
  } else {
    for_each_window<T>(net.nodes, folded, from, even_sequences(net.nodes, x), 0, interrupted,
                       [&](const Block<T>&, const Flow<T>& flow, const OfWindow& window) {
                         for (std::size_t i = 0; i < window.targets.size(); ++i) {
                           give(flow, window.targets[i], {i, i + 1});
                         }
                       });
  }
}

template <class T>
bool Network<T>::try_predict(const Samples& x, MatrixView<T> out) const noexcept {
  try {
    predict(x, out);
    return true;
  } catch (...) {
    return false;
  }
}

template <class T>
Evaluation Network<T>::evaluate(const Samples& x, const Targets& y, SampleWeights weights,
                                const std::function<bool()>& interrupted, Checks checks,
                                Communicator* communicator) const {
  const State& net = *state_;
  const Over over = net.nodes.over;
  const Ranks ranks(communicator);
  const ScaledWeights scaled(weights, ranks);
  std::optional<Access::Reading> reading;
  std::optional<BlockScores<T>> scores;
  // No rank sums up before all have their part.
  ranks.check([&] {
    if (rows_of(x) == 0) throw ValueError("X: expected at least one row to evaluate, got none");
    check_data<T>(x, y, weights, inputs(), outputs(), net.loss, net.input_layer, over, checks,
                  scaled.largest());
    reading.emplace(net.access);
    check_learned(net.input_layer);
    const std::size_t rows = targets_of(x, Over::rows);
    const Folded<T> folded{net.folded(), net.statistics, net.projection.data()};
    const NodeSamples samples(net.input_layer.map, x);
    const Inputs from{samples.rows(), net.input_layer.columns(), net.layers};
    scores.emplace(net.nodes, net.loss, net.loss_for_kernels.get(), y, scaled,
                   over == Over::rows ? (rows + kBlockRows - 1) / kBlockRows
                                      : (x.starts.size() - 1 + kBlockSequences - 1) / kBlockSequences);
    if (over == Over::rows) {
      for_each_block<T>(net.nodes, folded, from, {0, rows}, kBlockRows, columns_of_targets(y), nullptr,
                        interrupted, [&](const Block<T>& block, const Flow<T>& flow, Range r) {
                          scores->add(r.begin / kBlockRows, block, flow, nullptr, r.begin, r.end - r.begin);
                        });
    } else {
      for_each_window<T>(net.nodes, folded, from, kBlockSequences, columns_of_targets(y), interrupted,
                         [&](const Block<T>& block, const Flow<T>& flow, const OfWindow& window) {
                           scores->add(window.block, block, flow, window.targets.data(), 0,
                                       window.targets.size());
                         });
    }
  });
  return scores->mean(targets_of(x, over), ranks);
}

#define FANIN_INSTANTIATE(T)                                                                            \
  template void Network<T>::predict(const Samples&, MatrixView<T>, const std::function<bool()>&) const; \
  template bool Network<T>::try_predict(const Samples&, MatrixView<T>) const noexcept;                  \
  template Evaluation Network<T>::evaluate(const Samples&, const Targets&, SampleWeights,               \
                                           const std::function<bool()>&, Checks, Communicator*) const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
