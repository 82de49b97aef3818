// Prediction and evaluation: blocks of rows pass through all layers.
#include <cmath>

#include "data/checks.hpp"
#include "data/operands.hpp"
#include "data/sample_weights.hpp"
#include "network/block.hpp"

namespace fanin {

template <class T>
void Network<T>::predict(const Samples& x, MatrixView<T> out,
                         const std::function<bool()>& interrupted) const {
  const State& net = *state_;
  check_samples<T>(x, inputs(), net.input_layer);
  out = checked_output("out", out, rows_of(x), outputs());
  check_apart(std::array{Named{"out", memory_of(out)}}, operands_of("X", x));
  if (out.rows == 0) return;
  const Access::Reading reading(net.access);
  check_learned(net.input_layer);
  const Folded<T> folded{net.folded(), net.statistics, net.projection.data()};
  const NodeSamples samples(net.input_layer.map, x);
  for_each_block<T>(net.nodes, folded, {samples.rows(), net.input_layer.columns(), net.layers}, {0, out.rows},
                    even_block_rows(net.nodes, out.rows), 0, nullptr, interrupted,
                    [&](const Block<T>&, const Flow<T>& flow, Range rows) {
                      kernels<T>().outputs(
                          static_cast<int>(net.loss.index()),
                          out.data + static_cast<std::ptrdiff_t>(rows.begin) * out.row_stride,
                          static_cast<std::size_t>(out.row_stride), read_only(flow.x),
                          {0, rows.end - rows.begin});
                    });
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
                                const std::function<bool()>& interrupted, Checks checks) const {
  const State& net = *state_;
  const std::size_t rows = rows_of(x);
  if (rows == 0) throw ValueError("X: expected at least one row to evaluate, got none");
  check_data<T>(x, y, weights, inputs(), outputs(), net.loss, net.input_layer, checks);
  const ScaledWeights scaled(weights);
  const Access::Reading reading(net.access);
  check_learned(net.input_layer);
  const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  std::vector<double> block_loss(blocks), block_score(blocks);
  const std::size_t target_columns = columns_of_targets(y);
  const Folded<T> folded{net.folded(), net.statistics, net.projection.data()};
  const NodeSamples samples(net.input_layer.map, x);
  for_each_block<T>(net.nodes, folded, {samples.rows(), net.input_layer.columns(), net.layers}, {0, rows},
                    kBlockRows, target_columns, nullptr, interrupted,
                    [&](const Block<T>& block, const Flow<T>& flow, Range r) {
                      const std::size_t count = r.end - r.begin, number = r.begin / kBlockRows;
                      std::int32_t labels[kBlockRows];
                      gather_targets(y, outputs(), labels, block.targets(), nullptr, r.begin, {0, count});
                      T* row_weight = weights.empty() ? nullptr : block.row_weight();
                      for (std::size_t i = 0; row_weight != nullptr && i < count; ++i)
                        row_weight[i] = static_cast<T>(scaled[r.begin + i]);
                      kernels<T>().loss({block.row_loss(),
                                         block.row_score(),
                                         {nullptr, count, outputs()},
                                         {nullptr, outputs(), count},
                                         read_only(flow.z),
                                         read_only(flow.x),
                                         read_only(block.targets()),
                                         target_columns == 0 ? labels : nullptr,
                                         row_weight,
                                         T{1},
                                         net.loss_for_kernels.get(),
                                         net.nodes.list.back()->out.activation},
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

template void Network<float>::predict(const Samples&, MatrixView<float>, const std::function<bool()>&) const;
template void Network<double>::predict(const Samples&, MatrixView<double>,
                                       const std::function<bool()>&) const;
template bool Network<float>::try_predict(const Samples&, MatrixView<float>) const noexcept;
template bool Network<double>::try_predict(const Samples&, MatrixView<double>) const noexcept;
template Evaluation Network<float>::evaluate(const Samples&, const Targets&, SampleWeights,
                                             const std::function<bool()>&, Checks) const;
template Evaluation Network<double>::evaluate(const Samples&, const Targets&, SampleWeights,
                                              const std::function<bool()>&, Checks) const;

}  // namespace fanin
