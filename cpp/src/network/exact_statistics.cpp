// Mean and variance of what each batch norm sees over a whole training set, in the place of averages over
// batches (the population statistics of Ioffe and Szegedy 2015, for which they take the layers before as in
// prediction): layer by layer, as each depends on the ones before it.
//
// A block of rows is gone through like a batch, and blocks are merged in order by the formula of Chan, Golub
// and LeVeque 1979, in double.
#include "base/text.hpp"
#include "network/block.hpp"

namespace fanin {
namespace {

constexpr std::size_t kBlocksAtATime = 64;

// Of each column: the mean, and the sum of squares around it
struct ColumnMoments {
  std::vector<double> mean, squares;
  std::size_t rows = 0;

  explicit ColumnMoments(std::size_t columns) : mean(columns), squares(columns) {}
  void merge(const double* block_mean, const double* block_squares, std::size_t count) {
    const double n = static_cast<double>(rows),
                 share = static_cast<double>(count) / (n + static_cast<double>(count));
    for (std::size_t j = 0; j < mean.size(); ++j) {
      const double difference = block_mean[j] - mean[j];
      mean[j] += difference * share;
      squares[j] += difference * difference * (n * share) + block_squares[j];
    }
    rows += count;
  }
};

template <class T>
void block_moments(const Block<T>& block, const Folded<T>& net, std::size_t stage, double* mean,
                   double* squares, T* memory) {
  const LayerLayout& layer = net.layout.layers[stage];
  const Panels<T> u = layer.dense ? block.a(stage + 1) : block.a(stage);
  if (layer.dense) {
    const Forward<T> f{u,
                       {},
                       read_only(block.a(stage)),
                       Layout<T>::weights(net.parameters, layer),
                       net.parameters + layer.biases,
                       static_cast<int>(activation<Identity>)};
    kernels<T>().forward(f, {0, u.count()}, {0, u.rows});
  }
  T *const offset = memory, *const variance = memory + Layout<T>::rounded(layer.units);
  kernels<T>().normalize_layer({block.spare(layer.units),
                                {},
                                read_only(u),
                                offset,
                                variance,
                                net.parameters + layer.gamma,
                                net.parameters + layer.biases,
                                static_cast<T>(layer.batch_norm->epsilon),
                                static_cast<int>(activation<Identity>)},
                               {0, u.count()});
  for (std::size_t j = 0; j < layer.units; ++j) {
    mean[j] = static_cast<double>(u.at(0, j / kPanel<T>)[j % kPanel<T>]) + static_cast<double>(offset[j]);
    squares[j] = static_cast<double>(variance[j]) * static_cast<double>(u.rows);
  }
}

template <class T>
ColumnMoments moments_of_stage(const Folded<T>& net, std::size_t stage, const Samples& x) {
  const std::size_t units = net.layout.layers[stage].units, rows = rows_of(x);
  constexpr std::size_t most = kBlocksAtATime * kBlockRows;
  std::vector<double> mean(kBlocksAtATime * units), squares(mean.size());
  const std::size_t columns = 2 * Layout<T>::rounded(units);
  std::vector<T> memory(kBlocksAtATime * columns);
  ColumnMoments all(units);
  for (std::size_t begin = 0; begin < rows; begin += most) {
    const Range some{begin, std::min(rows, begin + most)};
    for_each_block<T>(net, stage, x, some, kBlockRows, 0, [&](const Block<T>& block, Range of_x) {
      const std::size_t number = (of_x.begin - begin) / kBlockRows, at = number * units;
      block_moments(block, net, stage, mean.data() + at, squares.data() + at,
                    memory.data() + number * columns);
    });
    for (std::size_t row = some.begin; row < some.end; row += kBlockRows) {
      const std::size_t at = (row - begin) / kBlockRows * units;
      all.merge(mean.data() + at, squares.data() + at, std::min(kBlockRows, some.end - row));
    }
  }
  return all;
}

}  // namespace

template <class T>
bool Network<T>::State::wants_exact_statistics() const {
  return std::any_of(layout.layers.begin(), layout.layers.end(), [](const LayerLayout& layer) {
    return layer.batch_norm && layer.batch_norm->exact_statistics;
  });
}

template <class T>
void Network<T>::State::take_exact_statistics(const Samples& x) {
  Buffer<T> folded(layout.table.size);
  for (std::size_t l = 0; l < layout.layers.size(); ++l) {
    const LayerLayout& layer = layout.layers[l];
    if (!layer.batch_norm || !layer.batch_norm->exact_statistics) continue;
    fold<T>(folded.data(), layout, weights(), averages, &layer);
    const ColumnMoments of_all = moments_of_stage<T>({layout, folded.data(), averages}, l, x);
    const double others = static_cast<double>(of_all.rows - 1);
    for (std::size_t j = 0; j < layer.units; ++j) {
      averages.mean(layer)[j] = without_denormals(static_cast<T>(of_all.mean[j]));
      averages.variance(layer)[j] = without_denormals(static_cast<T>(of_all.squares[j] / others));
    }
  }
  changed();
}

template bool Network<float>::State::wants_exact_statistics() const;
template bool Network<double>::State::wants_exact_statistics() const;
template void Network<float>::State::take_exact_statistics(const Samples&);
template void Network<double>::State::take_exact_statistics(const Samples&);

}  // namespace fanin
