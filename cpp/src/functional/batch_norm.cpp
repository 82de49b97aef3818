// Batch normalization of users' matrices. Threads share the rows in blocks of 64 (a part of a row of a large
// matrix would not stream), or the columns of a block; between phases they merge the blocks' results, each
// for some of the columns.
#include <cmath>
#include <limits>

#include "base/lines.hpp"
#include "functional/row_major.hpp"

namespace fanin {
namespace {

// The cost of a pass of additions over numbers in cache, in flops
constexpr double kFlopsPerElement = 8;

// A result of this size bypasses the caches: otherwise it would evict everything, including the input, before
// that is read again.
constexpr std::size_t kBeyondCaches = std::size_t{1} << 24;

template <class T>
bool beyond_caches(const MatrixView<const T>& x) {
  return x.rows * x.columns * sizeof(T) >= kBeyondCaches;
}

template <class T>
T checked_epsilon(double epsilon) {
  if (epsilon >= static_cast<double>(std::numeric_limits<T>::min()) &&
      epsilon <= static_cast<double>(std::numeric_limits<T>::max())) {
    return static_cast<T>(epsilon);
  }
  throw ValueError("epsilon: expected a normal number above 0 in float" + std::to_string(sizeof(T) * 8) +
                   ", got " + number_text(epsilon));
}

template <class T>
void check_batch(const MatrixView<const T>& x) {
  if (x.rows >= 2) return;
  throw ValueError("x: expected at least two rows to compute the variance of a batch, got " +
                   std::to_string(x.rows));
}

// Memory for arrays with a number for each column, and for other values. The arrays start at the same offset
// from a cache line as a row, so that vectors aligned in one are aligned in all.
template <class T>
struct ColumnArrays {
  std::size_t step;
  Scratch<T> memory;
  T *first, *others;

  ColumnArrays(std::size_t arrays, const T* row, std::size_t columns, std::size_t of_others)
      : step((columns + kLine<T> - 1) / kLine<T> * kLine<T>),
        memory(kLine<T> + arrays * step + of_others, thread_limit()),
        first(memory.data() + beyond_line(row)),
        others(memory.data() + kLine<T> + arrays * step) {}
  T* operator[](std::size_t array) const { return first + array * step; }
};

// f(rows, columns) for this thread's part of a matrix: blocks of rows; the first and last may be partial
template <class T, class F>
void for_each_part(Member member, const MatrixView<const T>& x, F&& f) {
  constexpr std::size_t group_columns = 4 * kPanel<T>;  // the most columns that are summed side by side
  const std::size_t groups = (x.columns + group_columns - 1) / group_columns;
  const Range units = Share(member.thread, member.threads, 1).take(row_blocks(x.rows) * groups, 1);
  for_each_rectangle(units, groups, [&](Range blocks, Range g) {
    f(rows_of_blocks(blocks, x.rows),
      Range{g.begin * group_columns, std::min(g.end * group_columns, x.columns)});
  });
}

// f(columns) for this thread's share of them, in whole panels
template <class T, class F>
void for_columns(Member member, const MatrixView<const T>& x, F&& f) {
  const std::size_t panels = (x.columns + kPanel<T> - 1) / kPanel<T>;
  const Range share = Share(member.thread, member.threads, 1).take(panels, 1);
  if (share.begin < share.end) {
    f(Range{share.begin * kPanel<T>, std::min(share.end * kPanel<T>, x.columns)});
  }
}

// blocks(rows, columns) for all parts, then merge(columns) for all columns, then finish(rows, columns) for
// all parts
template <class T, class Blocks, class Merge, class Finish>
void in_three_phases(const MatrixView<const T>& x, Blocks&& blocks, Merge&& merge, Finish&& finish) {
  const double flops = kFlopsPerElement * static_cast<double>(x.rows) * static_cast<double>(x.columns);
  Barrier barrier;
  run_call(claim_for(flops).threads(), [&](int thread, int threads) {
    const Member member{thread, threads};
    for_each_part(member, x, blocks);
    barrier.wait(threads);
    for_columns(member, x, merge);
    barrier.wait(threads);
    for_each_part(member, x, finish);
  });
}

}  // namespace

template <class T>
void batch_norm(MatrixView<T> out, std::span<T> mean, std::span<T> variance, std::span<T> offset,
                MatrixView<const T> x, std::span<const T> gamma, std::span<const T> beta, double epsilon) {
  const std::size_t n = x.columns;
  check_sizes<T>(
      n, {{"gamma", gamma}, {"beta", beta}, {"mean", mean}, {"variance", variance}, {"offset", offset}});
  out = checked_output("out", out, x.rows, n);
  x = checked_rows("x", x, x.rows, n);
  check_batch(x);
  check_apart({{"out", memory_of(out)},
               {"mean", memory_of(mean)},
               {"variance", memory_of(variance)},
               {"offset", memory_of(offset)}},
              {{"x", memory_of(x)}, {"gamma", memory_of(gamma)}, {"beta", memory_of(beta)}});
  const std::size_t of_blocks = row_blocks(x.rows) * n;
  const ColumnArrays<T> of_columns(3, out.data, n, 2 * of_blocks);
  T *const scale = of_columns[0], *const added = of_columns[1], *const unit = of_columns[2];
  const BatchNormForward<T> b{x.data,
                              x.row_stride,
                              x.rows,
                              n,
                              mean.data(),
                              variance.data(),
                              offset.data(),
                              gamma.data(),
                              beta.data(),
                              checked_epsilon<T>(epsilon),
                              of_columns.others,
                              of_columns.others + of_blocks,
                              scale,
                              added,
                              unit};
  const Normalization<T> to_out{out.data, out.row_stride, x.data, x.row_stride,    x.data,
                                scale,    added,          unit,   beyond_caches(x)};
  in_three_phases(
      x, [&](Range rows, Range columns) { kernels<T>().batch_norm_moments(b, rows, columns); },
      [&](Range columns) { kernels<T>().batch_norm_statistics(b, columns); },
      [&](Range rows, Range columns) { kernels<T>().normalize(to_out, rows, columns); });
}

template <class T>
void batch_norm_backward(MatrixView<T> dx, std::span<T> dgamma, std::span<T> dbeta, MatrixView<const T> dy,
                         MatrixView<const T> x, std::span<const T> variance, std::span<const T> offset,
                         std::span<const T> gamma, double epsilon) {
  const std::size_t n = x.columns;
  dy = checked_rows("dy", dy, x.rows, n);
  check_sizes<T>(
      n,
      {{"gamma", gamma}, {"variance", variance}, {"offset", offset}, {"dgamma", dgamma}, {"dbeta", dbeta}});
  dx = checked_output("dx", dx, x.rows, n);
  x = checked_rows("x", x, x.rows, n);
  check_batch(x);
  check_apart({{"dx", memory_of(dx)}, {"dgamma", memory_of(dgamma)}, {"dbeta", memory_of(dbeta)}},
              {{"dy", memory_of(dy)},
               {"x", memory_of(x)},
               {"variance", memory_of(variance)},
               {"offset", memory_of(offset)},
               {"gamma", memory_of(gamma)}});
  const std::size_t of_blocks = row_blocks(x.rows) * n;
  const ColumnArrays<T> of_columns(5, dx.data, n, 2 * of_blocks);
  const BatchNormGradient<T> b{dx.data,
                               dx.row_stride,
                               dgamma.data(),
                               dbeta.data(),
                               dy.data,
                               dy.row_stride,
                               x.data,
                               x.row_stride,
                               x.rows,
                               n,
                               variance.data(),
                               offset.data(),
                               gamma.data(),
                               checked_epsilon<T>(epsilon),
                               of_columns.others,
                               of_columns.others + of_blocks,
                               of_columns[0],
                               of_columns[1],
                               of_columns[2],
                               of_columns[3],
                               of_columns[4],
                               beyond_caches(x)};
  in_three_phases(
      x, [&](Range rows, Range columns) { kernels<T>().batch_norm_sums(b, rows, columns); },
      [&](Range columns) { kernels<T>().batch_norm_gradients(b, columns); },
      [&](Range rows, Range columns) { kernels<T>().batch_norm_input(b, rows, columns); });
}

template <class T>
void batch_norm_inference(MatrixView<T> out, MatrixView<const T> x, std::span<const T> mean,
                          std::span<const T> variance, std::span<const T> gamma, std::span<const T> beta,
                          double epsilon) {
  const std::size_t n = x.columns;
  check_sizes<T>(n, {{"mean", mean}, {"variance", variance}, {"gamma", gamma}, {"beta", beta}});
  out = checked_output("out", out, x.rows, n);
  x = checked_rows("x", x, x.rows, n);
  check_apart({{"out", memory_of(out)}}, {{"x", memory_of(x)},
                                          {"mean", memory_of(mean)},
                                          {"variance", memory_of(variance)},
                                          {"gamma", memory_of(gamma)},
                                          {"beta", memory_of(beta)}});
  for (std::size_t j = 0; j < n; ++j) {
    if (variance[j] >= 0 && variance[j] <= std::numeric_limits<T>::max()) continue;
    throw ValueError("variance: expected finite numbers of at least 0, got " +
                     number_text(static_cast<double>(variance[j])) + " at position " + std::to_string(j));
  }
  const T checked = checked_epsilon<T>(epsilon);
  const double flops = kFlopsPerElement * static_cast<double>(x.rows) * static_cast<double>(n);
  const Scratch<T> memory(n, 1);
  T* const scale = memory.data();
  {
    const FloatingPointScope modes;
    kernels<T>().batch_norm_scale(scale, gamma.data(), variance.data(), checked, n);
  }
  run_call(claim_for(flops).threads(), [&](int thread, int threads) {
    for_rows({thread, threads}, x.rows, [&](Range rows) {
      kernels<T>().normalize({out.data, out.row_stride, x.data, x.row_stride, mean.data(), scale, beta.data(),
                              nullptr, beyond_caches(x)},
                             rows, {0, n});
    });
  });
}

#define FANIN_INSTANTIATE(T)                                                                                \
  template void batch_norm<T>(MatrixView<T>, std::span<T>, std::span<T>, std::span<T>, MatrixView<const T>, \
                              std::span<const T>, std::span<const T>, double);                              \
  template void batch_norm_backward<T>(MatrixView<T>, std::span<T>, std::span<T>, MatrixView<const T>,      \
                                       MatrixView<const T>, std::span<const T>, std::span<const T>,         \
                                       std::span<const T>, double);                                         \
  template void batch_norm_inference<T>(MatrixView<T>, MatrixView<const T>, std::span<const T>,             \
                                        std::span<const T>, std::span<const T>, std::span<const T>, double);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
