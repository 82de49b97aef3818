// Mean and variance of each batch norm's inputs over a whole training set, in place of running statistics
// (the population statistics of Ioffe and Szegedy 2015, with earlier layers in prediction mode): layer by
// layer, because each depends on the ones before it.
//
// A block of rows is processed like a batch, and blocks are merged in order by the formula of Chan, Golub and
// LeVeque 1979, in double.
#include "base/text.hpp"
#include "network/block.hpp"
#include "plan/normalizer.hpp"

namespace fanin {
namespace {

constexpr std::size_t kBlocksAtATime = 64;

// A sum of 2^32 squares can overflow although each is a double: sums are in this unit.
constexpr double kUnit = 0x1p40;

// Mean of each column, and sum of squared deviations from it, in units
struct ColumnMoments {
  std::vector<double> mean, squares;
  std::size_t rows = 0;

  explicit ColumnMoments(std::size_t columns) : mean(columns), squares(columns) {}
  void merge(const double* block_mean, const double* block_squares, std::size_t count) {
    const double n = static_cast<double>(rows),
                 share = static_cast<double>(count) / (n + static_cast<double>(count));
    for (std::size_t j = 0; j < mean.size(); ++j) {
      const double difference = block_mean[j] - mean[j], part = difference / std::sqrt(kUnit);
      mean[j] += difference * share;
      squares[j] += part * part * (n * share) + block_squares[j];
    }
    rows += count;
  }
  ColumnMoments of_all(const Ranks& ranks) const {
    const std::size_t columns = mean.size();
    std::vector<double> own = mean;
    own.insert(own.end(), squares.begin(), squares.end());
    own.push_back(static_cast<double>(rows));
    const std::vector<double> all = ranks.gather(own);
    ColumnMoments merged(columns);
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
      const double* const of = all.data() + rank * own.size();
      merged.merge(of, of + columns, static_cast<std::size_t>(of[2 * columns]));
    }
    return merged;
  }
};

// Of the inputs of the watched batch norm in a block
template <class T>
void block_moments(Flow<T>& flow, const Normalizer<T>& of, double* mean, double* squares, T* memory) {
  const Panels<T> u = flow.x;
  T *const offset = memory, *const variance = memory + rounded<T>(of.columns);
  kernels<T>().normalize_layer({flow.take(of.columns),
                                {},
                                read_only(u),
                                offset,
                                variance,
                                flow.net.parameters + of.scale,
                                flow.net.parameters + of.shift,
                                static_cast<T>(of.norm.epsilon),
                                static_cast<int>(activation<Identity>)},
                               {0, u.count()});
  for (std::size_t j = 0; j < of.columns; ++j) {
    mean[j] = static_cast<double>(u.at(0, j / kPanel<T>)[j % kPanel<T>]) + static_cast<double>(offset[j]);
    squares[j] = static_cast<double>(variance[j]) / kUnit * static_cast<double>(u.rows);
  }
}

template <class T>
ColumnMoments moments_of(const Normalizer<T>& of, const Nodes<T>& nodes, const Folded<T>& net,
                         const Inputs& inputs, const std::function<bool()>& interrupted, const Ranks& ranks) {
  const std::size_t units = of.columns, rows = rows_of(inputs.x);
  constexpr std::size_t most = kBlocksAtATime * kBlockRows;
  std::vector<double> mean(kBlocksAtATime * units), squares(mean.size());
  const std::size_t columns = 2 * rounded<T>(units);
  std::vector<T> memory(kBlocksAtATime * columns);
  ColumnMoments all(units);
  ranks.check([&] {
    for (std::size_t begin = 0; begin < rows; begin += most) {
      const Range some{begin, std::min(rows, begin + most)};
      const auto note = [&](const Block<T>&, Flow<T>& flow, Range of_x) {
        const std::size_t number = (of_x.begin - begin) / kBlockRows, at = number * units;
        block_moments(flow, of, mean.data() + at, squares.data() + at, memory.data() + number * columns);
      };
      for_each_block<T>(nodes, net, inputs, some, kBlockRows, 0, &of, interrupted, note);
      for (std::size_t row = some.begin; row < some.end; row += kBlockRows) {
        const std::size_t at = (row - begin) / kBlockRows * units;
        all.merge(mean.data() + at, squares.data() + at, std::min(kBlockRows, some.end - row));
      }
    }
  });
  return ranks.many() ? all.of_all(ranks) : all;
}

}  // namespace

template <class T>
bool Network<T>::State::needs_exact_statistics() const {
  return std::any_of(nodes.normalizers.begin(), nodes.normalizers.end(),
                     [](const Normalizer<T>* of) { return of->norm.exact_statistics; });
}

template <class T>
void Network<T>::State::take_exact_statistics(const Samples& x, std::size_t epoch,
                                              const std::function<bool()>& interrupted, const Ranks& ranks) {
  Buffer<T> folded(nodes.folded_size());
  const RunningStatistics<T> over_batches = statistics;
  try {
    for (const Normalizer<T>* of : nodes.normalizers) {
      if (!of->norm.exact_statistics) continue;
      fold(folded.data(), of);
      const ColumnMoments of_all = moments_of<T>(*of, nodes, {folded.data(), statistics, projection.data()},
                                                 {x, input_layer.columns(), layers}, interrupted, ranks);
      const double others = static_cast<double>(of_all.rows - 1);
      for (std::size_t j = 0; j < of->columns; ++j) {
        statistics.mean(*of)[j] = without_denormals(static_cast<T>(of_all.mean[j]));
        statistics.variance(*of)[j] = without_denormals(static_cast<T>(of_all.squares[j] / others * kUnit));
      }
      if (find_not_finite(statistics.mean(*of), of->columns) == of->columns &&
          find_not_finite(statistics.variance(*of), of->columns) == of->columns) {
        continue;
      }
      const std::size_t number = layer_at(nodes.table.statistics, of->mean) + 1;
      throw DivergedError("training diverged: after epoch " + std::to_string(epoch) +
                              " exact statistics of batch norm are not finite, first in layer " +
                              std::to_string(number) + "; the running statistics are unchanged",
                          epoch, 0, number);
    }
  } catch (...) {
    statistics.copy(over_batches);
    throw;
  }
}

template bool Network<float>::State::needs_exact_statistics() const;
template bool Network<double>::State::needs_exact_statistics() const;
template void Network<float>::State::take_exact_statistics(const Samples&, std::size_t,
                                                           const std::function<bool()>&, const Ranks&);
template void Network<double>::State::take_exact_statistics(const Samples&, std::size_t,
                                                            const std::function<bool()>&, const Ranks&);

}  // namespace fanin
