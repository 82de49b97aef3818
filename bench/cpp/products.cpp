// The products of a dense layer, called through the active kernel table as a training step calls them.
#include <algorithm>

#include "base/buffer.hpp"
#include "base/panel_rows.hpp"
#include "cases.hpp"
#include "data/gather.hpp"
#include "fanin/activations.hpp"
#include "fanin/rules/all.hpp"
#include "team/limit.hpp"
#include "team/team.hpp"

namespace fanin::bench {

// A matrix in panels and the memory it lies in
template <class T>
struct Matrix {
  explicit Matrix(const MatrixView<const T>& from)
      : rows(from.rows), columns(from.columns), memory(Panels<T>{nullptr, rows, columns}.size()) {
    gather_matrix(from, panels(), nullptr, 0, {0, rows});
  }
  Panels<T> panels() const { return {memory.data(), rows, columns}; }
  operator Panels<const T>() const { return read_only(panels()); }

  std::size_t rows, columns;
  Buffer<T> memory;
};

// "forward", "input gradient", "weight gradient", or "weight gradient, Adam", which changes the weights and
// so is checked last
template <class T>
class Products final : public Case {
 public:
  Products(const MatrixView<const T>& a, const MatrixView<const T>& w, const MatrixView<const T>& dz)
      : a_(a), w_(w), dz_(dz), dz_transposed_({dz.data, dz.columns, dz.rows, 1, dz.row_stride}) {}

  void check(const std::string& what, double* result) override {
    seconds(what, 1);
    const Matrix<T>& computed = what == "forward"           ? z_
                                : what == "input gradient"  ? da_
                                : what == "weight gradient" ? dw_
                                                            : w_;
    for_each_run(computed.panels(), result,
                 [](const T* from, double* to, std::size_t n) { std::copy_n(from, n, to); });
  }

  double seconds(const std::string& what, std::size_t n) override {
    Barrier barrier;
    double seconds = 0;
    run_team(team_size(), [&](int thread, int threads) {
      barrier.wait(threads);
      const double start = seconds_now();
      for (std::size_t call = 0; call < n; ++call) {
        compute(what, Share(thread, threads, 1));
        barrier.wait(threads);
      }
      if (thread == 0) seconds = seconds_now() - start;
    });
    return seconds;
  }

 private:
  void compute(const std::string& what, Share share) {
    if (what == "forward") {
      const Forward<T> f{
          .a = z_.panels(), .z = {}, .x = a_, .w = w_, .bias = nullptr, .activation = kIdentity};
      panel_by_panel(share, z_, [&](Range panels, Range rows) { kernels<T>().forward(f, panels, rows); });
    } else if (what == "input gradient") {
      InputGradient<T> g{};
      g.dz = da_.panels();
      g.w = w_;
      g.dy = dz_;
      g.dy_transposed = dz_transposed_;
      g.a = a_;
      g.activation = kIdentity;
      // the rows of w outside, so that it is read once
      const std::size_t inputs = da_.columns, panels = dz_transposed_.panels().count();
      for_each_rectangle(share.take(row_blocks(inputs) * panels, 1), panels,
                         [&](Range rows, Range of_panels) {
                           kernels<T>().input_gradient(g, of_panels, rows_of_blocks(rows, inputs));
                         });
    } else {
      WeightGradient<T> g{};
      g.gradient = what == "weight gradient" ? dw_.panels().data : nullptr;
      g.update = adam_;
      g.x = a_;
      g.weight_rows = g.x.columns;
      g.dz = dz_;
      panel_by_panel(share, w_,
                     [&](Range panels, Range rows) { kernels<T>().weight_gradient(g, panels, rows); });
    }
  }

  // f(panels, rows) for a thread's share of the units of a matrix
  template <class F>
  static void panel_by_panel(Share share, const Matrix<T>& of, F&& f) {
    const std::size_t blocks = row_blocks(of.rows);
    for_each_rectangle(share.take(of.panels().count() * blocks, 1), blocks,
                       [&](Range panels, Range rows) { f(panels, rows_of_blocks(rows, of.rows)); });
  }

  static constexpr int kIdentity = index_in<Identity, Activations>;
  Matrix<T> a_, w_, dz_, dz_transposed_, z_ = dz_, da_ = a_, dw_ = w_;
  Buffer<T> slots_ = Buffer<T>(2 * w_.memory.size());
  const Adam::Constants first_step_ = Adam{}.begin(1);
  const Update<T> adam_{.rule = index_in<Adam, Rules>,
                        .constants = &first_step_,
                        .parameters = w_.panels().data,
                        .slots = slots_.data(),
                        .slot_stride = w_.memory.size()};
};

template <class T>
void prepare_as(const void* a, const void* w, const void* dz, std::size_t rows, std::size_t columns,
                std::size_t depth) {
  const auto view = [](const void* data, std::size_t m, std::size_t n) {
    return row_major(static_cast<const T*>(data), m, n);
  };
  prepare<Products<T>>(view(a, rows, depth), view(w, depth, columns), view(dz, rows, columns));
}

extern "C" void prepare_products(bool float64, const void* a, const void* w, const void* dz, std::size_t rows,
                                 std::size_t columns, std::size_t depth) noexcept {
  (float64 ? prepare_as<double> : prepare_as<float>)(a, w, dz, rows, columns, depth);
}

}  // namespace fanin::bench
