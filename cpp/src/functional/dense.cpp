// Products of users' matrices. Gradients are products of transposed views.
#include "functional/row_major.hpp"

namespace fanin {
namespace {

template <class T>
View<T> view_of(MatrixView<const T> m) {
  return {m.data, m.row_stride, m.column_stride};
}

template <class T>
View<T> transposed(MatrixView<const T> m) {
  return {m.data, m.column_stride, m.row_stride};
}

// A thread's share of a product with m rows
template <class T>
void share_product(const Product<T>& p, std::size_t m, Share& share, double cost, T* memory) {
  const std::size_t blocks = row_blocks(m), panels = (p.columns + kPanel<T> - 1) / kPanel<T>;
  for_each_rectangle(share.take(panels * blocks, cost), blocks, [&](Range of_panels, Range of_blocks) {
    kernels<T>().product(p, of_panels, rows_of_blocks(of_blocks, m), memory);
  });
}

// The memory of each thread of a team, one after the other
template <class T>
class ProductMemory {
 public:
  explicit ProductMemory(int team) : all_(Product<T>::kMemory * static_cast<std::size_t>(team), team) {}
  T* of(int thread) const { return all_.data() + static_cast<std::size_t>(thread) * Product<T>::kMemory; }

 private:
  const Scratch<T> all_;
};

double product_flops(std::size_t m, std::size_t n, std::size_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

}  // namespace

template <class T>
void dense(MatrixView<T> out, MatrixView<const T> x, MatrixView<const T> w, std::span<const T> b,
           Activation activation) {
  const std::size_t m = x.rows, k = x.columns, n = w.columns;
  check_activation(activation);
  x = checked_view("x", x, m, k);
  w = checked_view("w", w, k, n);
  if (!b.empty()) check_size("b", b, n);
  out = checked_output("out", out, m, n);
  check_apart({{"out", memory_of(out)}}, {{"x", memory_of(x)}, {"w", memory_of(w)}, {"b", memory_of(b)}});
  if (m == 0 || n == 0) return;
  const Product<T> p{out.data,
                     out.row_stride,
                     view_of(x),
                     view_of(w),
                     n,
                     k,
                     b.empty() ? nullptr : b.data(),
                     static_cast<int>(activation)};
  const Claim claim = claim_for(product_flops(m, n, k));
  const ProductMemory<T> memory(claim.threads());
  run_call(claim.threads(), [&](int thread, int threads) {
    Share share(thread, threads, 1);
    share_product(p, m, share, 1, memory.of(thread));
  });
}

template <class T>
void dense_backward(MatrixView<T> dx, MatrixView<T> dw, std::span<T> db, MatrixView<const T> dz,
                    MatrixView<const T> x, MatrixView<const T> w) {
  const std::size_t m = x.rows, k = x.columns, n = w.columns;
  x = checked_view("x", x, m, k);
  w = checked_view("w", w, k, n);
  dz = checked_view("dz", dz, m, n);
  if (dx.data != nullptr) dx = checked_output("dx", dx, m, k);
  if (dw.data != nullptr) dw = checked_output("dw", dw, k, n);
  if (!db.empty()) check_size("db", db, n);
  check_apart({{"dx", memory_of(dx)}, {"dw", memory_of(dw)}, {"db", memory_of(db)}},
              {{"dz", memory_of(dz)}, {"x", memory_of(x)}, {"w", memory_of(w)}});

  const T one = 1;
  const Product<T> of_x{dx.data, dx.row_stride, view_of(dz), transposed(w), k, n, nullptr, Product<T>::kNone};
  const Product<T> of_w{dw.data, dw.row_stride, transposed(x),     view_of(dz), n,
                        m,       nullptr,       Product<T>::kNone, kRowDepth<T>};
  // column sums are a product with a row of ones
  const Product<T> of_b{db.data(), 0,       {&one, 0, 0},      view_of(dz), n,
                        m,         nullptr, Product<T>::kNone, kRowDepth<T>};
  const double flops = product_flops(m, n, k), bias_flops = product_flops(m, n, 8);
  const double cost_x = dx.data != nullptr ? flops : 0, cost_w = dw.data != nullptr ? flops : 0;
  const double cost_b = !db.empty() ? bias_flops : 0;
  const Claim claim = claim_for(cost_x + cost_w);
  const ProductMemory<T> memory(claim.threads());
  run_call(claim.threads(), [&](int thread, int threads) {
    T* const mine = memory.of(thread);
    Share share(thread, threads, cost_x + cost_w + cost_b);
    if (dx.data != nullptr) share_product(of_x, m, share, cost_x, mine);
    if (dw.data != nullptr) share_product(of_w, k, share, cost_w, mine);
    if (!db.empty()) share_product(of_b, 1, share, cost_b, mine);
  });
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
