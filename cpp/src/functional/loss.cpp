// Losses of users' outputs. Rows pass through panels in blocks, because a single output takes half a panel.
#include "data/loss.hpp"
#include "base/registry.hpp"
#include "data/running_sum.hpp"
#include "data/sample_weights.hpp"
#include "functional/row_major.hpp"

namespace fanin {
namespace {

constexpr double kFlopsPerOutput = 50;  // the cost of a transcendental function and its stores

// The number of rows whose losses are stored until they are added up in order
constexpr std::size_t kRowsInOrder = std::size_t{1} << 16;
// Rows of a block, in whole panels: as many as fit in L2
constexpr std::size_t kRowsOfBlock = 1024, kBlockBytes = std::size_t{1} << 17;

template <class T>
std::size_t panel_size(std::size_t rows, std::size_t columns) {
  return Panels<T>{nullptr, rows, columns}.size();
}

template <class T>
std::size_t rows_of_block(std::size_t rows, std::size_t columns) {
  const std::size_t held = kBlockBytes / sizeof(T) / panel_size<T>(1, columns) / kPanel<T> * kPanel<T>;
  return std::min(rows, std::clamp(held, kPanel<T>, kRowsOfBlock));
}

// f(rows) for the blocks of this thread's part of the rows
template <class T, class F>
void for_blocks(Member member, Range rows, std::size_t of_block, F&& f) {
  const std::size_t count = rows.end - rows.begin;
  for_rows(member, (count + kPanel<T> - 1) / kPanel<T>, [&](Range groups) {
    const std::size_t end = rows.begin + std::min(count, groups.end * kPanel<T>);
    for (std::size_t row = rows.begin + groups.begin * kPanel<T>; row < end; row += of_block) {
      f(Range{row, std::min(row + of_block, end)});
    }
  });
}

// Copies rows of panels to a user's matrix, starting at row `first`
template <class T>
void scatter(const Panels<T>& from, MatrixView<T> to, std::size_t first) {
  for (std::size_t p = 0; p < from.count(); ++p) {
    for (std::size_t i = 0; i < from.rows; ++i) {
      T* out = to.data + static_cast<std::ptrdiff_t>(first + i) * to.row_stride + p * kPanel<T>;
      std::copy_n(from.at(i, p), from.used(p), out);
    }
  }
}

template <class T>
void take_weights(T* out, const ScaledWeights& weights, Range rows) {
  for (std::size_t i = rows.begin; i < rows.end; ++i) out[i - rows.begin] = static_cast<T>(weights[i]);
}

template <class T>
T total_weight(const ScaledWeights& weights, std::size_t rows) {
  if (weights.empty()) return static_cast<T>(rows);
  RunningSum<T> sum;
  for (std::size_t row = 0; row < rows; row += kRowsOfBlock) {
    T some[kRowsOfBlock];
    const Range block{row, std::min(row + kRowsOfBlock, rows)};
    take_weights(some, weights, block);
    sum.add(some, block.end - block.begin);
  }
  return sum.get();
}

}  // namespace

template <class T>
double loss_and_gradient(const Loss& loss, MatrixView<T> out, MatrixView<const T> a, const Targets& y,
                         SampleWeights weights) {
  const std::size_t m = a.rows, n = a.columns;
  if (m == 0 || n == 0)
    throw ValueError("a: expected at least one row and one column, got " + shape_text(m, n));
  checked_loss(loss, n);
  a = checked_view("a", a, m, n);
  check_targets<T>(y, weights, m, n, loss);
  const bool differentiates = out.data != nullptr;
  if (differentiates) {
    out = checked_output("out", out, m, n);
    check_apart({{"out", memory_of(out)}},
                {{"a", memory_of(a)}, {"y", memory_of(y)}, {"sample_weight", memory_of(weights)}});
  }

  const std::size_t of_targets = columns_of_targets(y), of_block = rows_of_block<T>(m, n);
  const std::size_t size = panel_size<T>(of_block, n),
                    of_one = 2 * size + panel_size<T>(of_block, of_targets);
  const Claim claim = claim_for(kFlopsPerOutput * static_cast<double>(m * n));
  const int team = claim.threads();
  const Scratch<T> memory(of_one * static_cast<std::size_t>(team) + std::min(m, kRowsInOrder), team);
  T* const row_loss = memory.data() + of_one * static_cast<std::size_t>(team);
  const ScaledWeights scaled(weights);
  const T total = total_weight<T>(scaled, m);
  const LossForKernels<T> of(loss, n);
  RunningSum<T> sum;
  for (std::size_t first = 0; first < m; first += kRowsInOrder) {
    const Range in_order{first, std::min(first + kRowsInOrder, m)};
    run_call(team, [&](int thread, int threads) {
      T* const mine = memory.data() + of_one * static_cast<std::size_t>(thread);
      for_blocks<T>({thread, threads}, in_order, of_block, [&](Range rows) {
        const std::size_t count = rows.end - rows.begin;
        const Panels<T> pa{mine, count, n}, dz{differentiates ? mine + size : nullptr, count, n};
        const Panels<T> targets{mine + 2 * size, count, of_targets};
        std::int32_t labels[kRowsOfBlock];
        T row_weight[kRowsOfBlock];
        gather_matrix<T>(a, pa, nullptr, rows.begin, {0, count});
        gather_targets(y, n, labels, targets, nullptr, rows.begin, {0, count});
        if (!scaled.empty()) take_weights(row_weight, scaled, rows);
        kernels<T>().loss({row_loss + (rows.begin - first),
                           nullptr,
                           dz,
                           {},
                           {},
                           read_only(pa),
                           read_only(targets),
                           of_targets == 0 ? labels : nullptr,
                           scaled.empty() ? nullptr : row_weight,
                           T{1} / total,
                           of.get(),
                           static_cast<int>(fanin::activation<Identity>)},
                          {0, count});
        if (differentiates) scatter(dz, out, rows.begin);
      });
    });
    sum.add(row_loss, in_order.end - first);
  }
  return static_cast<double>(sum.get()) / static_cast<double>(total);
}

template <class T>
void loss_outputs(const Loss& loss, MatrixView<T> out, MatrixView<const T> a) {
  const std::size_t m = a.rows, n = a.columns;
  a = checked_view("a", a, m, n);
  out = checked_output("out", out, m, n);
  check_apart({{"out", memory_of(out)}}, {{"a", memory_of(a)}});
  if (m == 0 || n == 0) return;
  checked_loss(loss, n);
  const std::size_t of_block = rows_of_block<T>(m, n), size = panel_size<T>(of_block, n);
  const Claim claim = claim_for(kFlopsPerOutput * static_cast<double>(m * n));
  const int team = claim.threads();
  const Scratch<T> memory(size * static_cast<std::size_t>(team), team);
  run_call(team, [&](int thread, int threads) {
    T* const mine = memory.data() + size * static_cast<std::size_t>(thread);
    for_blocks<T>({thread, threads}, {0, m}, of_block, [&](Range rows) {
      const std::size_t count = rows.end - rows.begin;
      const Panels<T> pa{mine, count, n};
      gather_matrix<T>(a, pa, nullptr, rows.begin, {0, count});
      kernels<T>().outputs(static_cast<int>(loss.index()),
                           out.data + static_cast<std::ptrdiff_t>(rows.begin) * out.row_stride,
                           static_cast<std::size_t>(out.row_stride), read_only(pa), {0, count});
    });
  });
}

#define FANIN_INSTANTIATE(T)                                                                            \
  template double loss_and_gradient<T>(const Loss&, MatrixView<T>, MatrixView<const T>, const Targets&, \
                                       SampleWeights);                                                  \
  template void loss_outputs<T>(const Loss&, MatrixView<T>, MatrixView<const T>);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
