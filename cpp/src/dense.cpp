// Products on row-major arrays: operands are gathered into panels, which takes one pass over each, then the
// kernels of a network's layer run on them.
#include "fanin/functional.hpp"

#include "row_major.hpp"

namespace fanin {
namespace {

template <class T>
MatrixView<const T> transposed(MatrixView<const T> m) {
  return {m.data, m.columns, m.rows, m.column_stride, m.row_stride};
}

double product_flops(std::size_t m, std::size_t n, std::size_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

}  // namespace

template <class T>
void dense(MatrixView<T> out, MatrixView<const T> x, MatrixView<const T> w, std::span<const T> b,
           Activation activation) {
  const std::size_t m = x.rows, k = x.columns, n = w.columns;
  check_shape("w", w, k, n);
  if (!b.empty()) check_size("b", b.size(), n);
  check_output("out", out, m, n);
  if (m == 0 || n == 0) return;

  const std::size_t out_size = panel_size<T>(m, n), x_size = panel_size<T>(m, k),
                    w_size = panel_size<T>(k, n);
  T* memory = scratch<T>(2 * out_size + x_size + w_size + panel_size<T>(1, n));
  const Panels<T> a{memory, m, n}, z{memory + out_size, m, n}, px{memory + 2 * out_size, m, k};
  const Panels<T> pw{px.data + x_size, k, n}, bias{pw.data + w_size, 1, n};
  std::fill_n(bias.data, bias.size(), T{0});
  std::copy(b.begin(), b.end(), bias.data);
  const Forward<T> f{a, z, read_only(px), read_only(pw), bias.data, static_cast<int>(activation)};
  Barrier barrier;
  run_team(threads_for(product_flops(m, n, k)), [&](int thread, int threads) {
    const Member member{thread, threads};
    gather_view(x, px, member);
    gather_view(w, pw, member);
    barrier.wait(threads);
    const std::size_t blocks = row_blocks(m);
    const Range units = Share(thread, threads, 1).take(a.count() * blocks, 1);
    for_each_rectangle(units, blocks, [&](Range panels, Range of_blocks) {
      const Range rows = rows_of_blocks(of_blocks, m);
      kernels<T>().forward(f, panels, rows);
      scatter(a, out, panels, rows);
    });
  });
}

template <class T>
void dense_backward(MatrixView<T> dx, MatrixView<T> dw, std::span<T> db, MatrixView<const T> dz,
                    MatrixView<const T> x, MatrixView<const T> w) {
  const std::size_t m = x.rows, k = x.columns, n = w.columns;
  check_shape("w", w, k, n);
  check_shape("dz", dz, m, n);
  if (dx.data != nullptr) check_output("dx", dx, m, k);
  if (dw.data != nullptr) check_output("dw", dw, k, n);
  if (!db.empty()) check_size("db", db.size(), n);
  if (m == 0) {
    for (std::size_t i = 0; i < k && dw.data != nullptr; ++i) {
      std::fill_n(dw.data + static_cast<std::ptrdiff_t>(i) * dw.row_stride, n, T{0});
    }
    std::fill(db.begin(), db.end(), T{0});
  }
  if (m == 0 || k == 0 || n == 0) return;

  const std::size_t x_size = panel_size<T>(m, k), w_size = panel_size<T>(k, n), z_size = panel_size<T>(m, n);
  const std::size_t turned_size = panel_size<T>(n, m), b_size = panel_size<T>(1, n);
  T* memory = scratch<T>(2 * x_size + 2 * w_size + z_size + turned_size + b_size);
  const Panels<T> px{memory, m, k}, pdx{memory + x_size, m, k}, pw{pdx.data + x_size, k, n};
  const Panels<T> pdw{pw.data + w_size, k, n}, pdb{pdw.data + w_size, 1, n}, pdz{pdb.data + b_size, m, n};
  const Panels<T> turned{pdz.data + z_size, n, m};
  const WeightGradient<T> g{pdw.data, {}, 0, w_size, read_only(px), read_only(pdz)};
  // the derivative of the identity needs no activations: any memory of the right shape will do
  const InputGradient<T> ig{pdx,
                            {},
                            read_only(pw),
                            read_only(turned),
                            {},
                            read_only(px),
                            static_cast<int>(fanin::activation<Identity>)};
  const double flops = product_flops(m, n, k);
  Barrier barrier;
  run_team(threads_for(2 * flops), [&](int thread, int threads) {
    const Member member{thread, threads};
    gather_view(x, px, member);
    gather_view(w, pw, member);
    gather_view(dz, pdz, member);
    gather_view(transposed(dz), turned, member);
    barrier.wait(threads);
    Share share(thread, threads, (dx.data != nullptr ? flops : 0) + flops);
    if (dx.data != nullptr) {
      const std::size_t panels_of_samples = turned.count();
      for_each_rectangle(
          share.take(row_blocks(k) * panels_of_samples, flops), panels_of_samples,
          [&](Range blocks, Range panels) {
            const Range inputs = rows_of_blocks(blocks, k);
            kernels<T>().input_gradient(ig, panels, inputs);
            const Range samples{panels.begin * kPanel<T>, std::min(m, panels.end * kPanel<T>)};
            scatter(pdx, dx, {inputs.begin / kPanel<T>, (inputs.end + kPanel<T> - 1) / kPanel<T>}, samples);
          });
    }
    for_each_rectangle(share.take(pdz.count() * row_blocks(k), flops), row_blocks(k),
                       [&](Range panels, Range of_blocks) {
                         const Range rows = rows_of_blocks(of_blocks, k);
                         if (dw.data != nullptr) {
                           kernels<T>().weight_gradient(g, panels, rows);
                           scatter(pdw, dw, panels, rows);
                         }
                         if (of_blocks.begin == 0) kernels<T>().bias_gradient(g, panels);
                       });
  });
  std::copy_n(pdb.data, db.size(), db.data());
}

template void dense<float>(MatrixView<float>, MatrixView<const float>, MatrixView<const float>,
                           std::span<const float>, Activation);
template void dense<double>(MatrixView<double>, MatrixView<const double>, MatrixView<const double>,
                            std::span<const double>, Activation);
template void dense_backward<float>(MatrixView<float>, MatrixView<float>, std::span<float>,
                                    MatrixView<const float>, MatrixView<const float>,
                                    MatrixView<const float>);
template void dense_backward<double>(MatrixView<double>, MatrixView<double>, std::span<double>,
                                     MatrixView<const double>, MatrixView<const double>,
                                     MatrixView<const double>);

}  // namespace fanin
