#include "base/lines.hpp"
#include "base/registry.hpp"
#include "data/loss.hpp"
#include "data/sample_weights.hpp"
#include "functional/row_major.hpp"

namespace fanin {
namespace {

constexpr std::size_t kRun = 4096;
constexpr double kFlopsPerElement = 50;  // a transcendental function and its stores

// f(begin, count) on this thread's part of the n elements that are written to `out`, from whole lines on
template <class T, class F>
void for_elements(const T* out, std::size_t n, F&& f) {
  const std::size_t before = std::min(n, before_line(out));
  run_call(threads_for(kFlopsPerElement * static_cast<double>(n)), [&](int thread, int threads) {
    if (thread == 0 && before > 0) f(std::size_t{0}, before);
    const Range runs = Share(thread, threads, 1).take((n - before + kRun - 1) / kRun, 1);
    const std::size_t begin = before + runs.begin * kRun, end = std::min(n, before + runs.end * kRun);
    if (begin < end) f(begin, end - begin);
  });
}

}  // namespace

template <class T>
void activate(Activation activation, std::span<T> a, std::span<const T> z) {
  check_size("a", a.size(), z.size());
  if (z.empty()) return;
  for_elements(a.data(), z.size(), [&](std::size_t begin, std::size_t n) {
    kernels<T>().activate(static_cast<int>(activation), a.data() + begin, z.data() + begin, n);
  });
}

template <class T>
void activate_backward(Activation activation, std::span<T> dz, std::span<const T> da, std::span<const T> z) {
  check_size("da", da.size(), z.size());
  check_size("dz", dz.size(), z.size());
  if (z.empty()) return;
  for_elements(dz.data(), z.size(), [&](std::size_t begin, std::size_t n) {
    kernels<T>().activate_backward(static_cast<int>(activation), dz.data() + begin, da.data() + begin,
                                   z.data() + begin, n);
  });
}

template <class T>
double loss_and_gradient(const Loss& loss, MatrixView<T> da, MatrixView<const T> a, const Targets& y,
                         SampleWeights weights) {
  const std::size_t m = a.rows, n = a.columns;
  if (m == 0 || n == 0)
    throw ValueError("a: expected at least one row and one column, got " + shape_text(m, n));
  checked_loss(loss, n);
  check_targets<T>(y, weights, m, n, loss);
  if (da.data != nullptr) check_output("da", da, m, n);

  const std::size_t columns = columns_of_targets(y), size = panel_size<T>(m, n);
  T* memory = scratch<T>(2 * size + panel_size<T>(m, columns) + 2 * m);
  const Panels<T> pa{memory, m, n}, pda{da.data != nullptr ? memory + size : nullptr, m, n};
  const Panels<T> targets{memory + 2 * size, m, columns};
  T* row_loss = targets.data + panel_size<T>(m, columns);
  T* row_weight = weights.empty() ? nullptr : row_loss + m;
  const ScaledWeights scaled(weights);
  for (std::size_t i = 0; i < scaled.size(); ++i) row_weight[i] = static_cast<T>(scaled[i]);
  Buffer<std::int32_t> labels(columns == 0 ? m : 0);
  const LossForKernels<T> of(loss, n);
  const T total = weights.empty() ? static_cast<T>(m) : kernels<T>().sum(row_weight, m);
  const LossRows<T> l{row_loss,
                      nullptr,
                      pda,
                      {},
                      {},
                      read_only(pa),
                      read_only(targets),
                      columns == 0 ? labels.data() : nullptr,
                      row_weight,
                      T{1} / total,
                      of.get(),
                      static_cast<int>(fanin::activation<Identity>)};
  const std::size_t groups = (m + kPanel<T> - 1) / kPanel<T>;
  run_call(threads_for(kFlopsPerElement * static_cast<double>(m * n)), [&](int thread, int threads) {
    const Range share = Share(thread, threads, 1).take(groups, 1);
    const Range rows{share.begin * kPanel<T>, std::min(m, share.end * kPanel<T>)};
    if (rows.begin >= rows.end) return;
    gather_matrix<T, T>(a, pa, nullptr, 0, rows);
    gather_targets(y, labels.data(), targets, nullptr, 0, rows);
    kernels<T>().loss(l, rows);
    if (da.data != nullptr) scatter(pda, da, {0, pda.count()}, rows);
  });
  return static_cast<double>(kernels<T>().sum(row_loss, m)) / static_cast<double>(total);
}

template <class T>
void loss_outputs(const Loss& loss, MatrixView<T> out, MatrixView<const T> a) {
  check_output("out", out, a.rows, a.columns);
  if (a.rows == 0 || a.columns == 0) return;
  checked_loss(loss, a.columns);
  const Panels<T> pa{scratch<T>(panel_size<T>(a.rows, a.columns)), a.rows, a.columns};
  run_call(threads_for(kFlopsPerElement * static_cast<double>(a.rows * a.columns)),
           [&](int thread, int threads) {
             for_rows({thread, threads}, a.rows, [&](Range rows) {
               gather_matrix<T, T>(a, pa, nullptr, 0, rows);
               kernels<T>().outputs(static_cast<int>(loss.index()),
                                    out.data + static_cast<std::ptrdiff_t>(rows.begin) * out.row_stride,
                                    static_cast<std::size_t>(out.row_stride), read_only(pa), rows);
             });
           });
}

#define FANIN_INSTANTIATE(T)                                                                            \
  template void activate<T>(Activation, std::span<T>, std::span<const T>);                              \
  template void activate_backward<T>(Activation, std::span<T>, std::span<const T>, std::span<const T>); \
  template double loss_and_gradient<T>(const Loss&, MatrixView<T>, MatrixView<const T>, const Targets&, \
                                       SampleWeights);                                                  \
  template void loss_outputs<T>(const Loss&, MatrixView<T>, MatrixView<const T>);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)

}  // namespace fanin
