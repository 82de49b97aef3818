// The products of a dense layer, called through the active kernel table as a training step calls them.
#include <algorithm>

#include "base/buffer.hpp"
#include "base/panel_rows.hpp"
#include "base/registry.hpp"
#include "cases.hpp"
#include "data/gather.hpp"
#include "fanin/activations.hpp"
#include "fanin/rules/all.hpp"
#include "team/team.hpp"

namespace fanin_bench {
namespace {

using namespace fanin;

// A matrix in panels and the memory it lies in
template <class T>
struct Matrix {
  Matrix(std::size_t rows, std::size_t columns)
      : memory(Panels<T>{nullptr, rows, columns}.size()), panels{memory.data(), rows, columns} {}
  explicit Matrix(const MatrixView<const T>& from) : Matrix(from.rows, from.columns) {
    gather_matrix(from, panels, nullptr, 0, {0, from.rows});
  }
  operator Panels<const T>() const { return read_only(panels); }

  Buffer<T> memory;
  Panels<T> panels;
};

// "forward", "input gradient", "weight gradient", or "weight gradient, Adam", which is checked last because
// it changes the weights
template <class T>
class Products final : public Case {
 public:
  // A (rows, depth), W (depth, columns) and dZ (rows, columns)
  Products(const T* a, const T* w, const T* dz, std::size_t rows, std::size_t columns, std::size_t depth)
      : a_(row_major(a, rows, depth)),
        w_(row_major(w, depth, columns)),
        dz_(row_major(dz, rows, columns)),
        dz_transposed_({dz, columns, rows, 1, static_cast<std::ptrdiff_t>(columns)}),
        z_(rows, columns),
        da_(rows, depth),
        dw_(depth, columns),
        slots_(2 * w_.memory.size()) {}

  void check(const std::string& what, double* result) override {
    seconds(what, 1);
    const Matrix<T>& computed = what == "forward"           ? z_
                                : what == "input gradient"  ? da_
                                : what == "weight gradient" ? dw_
                                                            : w_;
    for_each_run(computed.panels, result,
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
    constexpr int identity = index_in<Identity, Activations>;
    if (what == "forward") {
      const Forward<T> f{.a = z_.panels, .z = {}, .x = a_, .w = w_, .bias = nullptr, .activation = identity};
      panel_by_panel(share, z_.panels,
                     [&](Range panels, Range rows) { kernels<T>().forward(f, panels, rows); });
    } else if (what == "input gradient") {
      const InputGradient<T> g{.dz = da_.panels,
                               .dz_transposed = {},
                               .w = w_,
                               .dy_transposed = dz_transposed_,
                               .z = {},
                               .a = a_,
                               .activation = identity,
                               .mask = {}};
      // the rows of w outside, so that it is read once
      const std::size_t inputs = da_.panels.columns, panels = dz_transposed_.panels.count();
      for_each_rectangle(share.take(row_blocks(inputs) * panels, 1), panels,
                         [&](Range blocks, Range of_panels) {
                           kernels<T>().input_gradient(g, of_panels, rows_of_blocks(blocks, inputs));
                         });
    } else {
      const WeightGradient<T> g{.gradient = what == "weight gradient" ? dw_.panels.data : nullptr,
                                .update = {.rule = index_in<Adam, Rules>,
                                           .constants = &first_step_,
                                           .parameters = w_.panels.data,
                                           .slots = slots_.data(),
                                           .slot_stride = w_.memory.size()},
                                .weight_offset = 0,
                                .bias_offset = 0,
                                .x = a_,
                                .dz = dz_};
      panel_by_panel(share, w_.panels,
                     [&](Range panels, Range rows) { kernels<T>().weight_gradient(g, panels, rows); });
    }
  }

  // f(panels, rows) for a thread's share of the units of a matrix
  template <class F>
  static void panel_by_panel(Share share, const Panels<T>& m, F&& f) {
    const std::size_t blocks = row_blocks(m.rows);
    for_each_rectangle(share.take(m.count() * blocks, 1), blocks,
                       [&](Range panels, Range of_blocks) { f(panels, rows_of_blocks(of_blocks, m.rows)); });
  }

  Matrix<T> a_, w_, dz_, dz_transposed_, z_, da_, dw_;
  Buffer<T> slots_;
  const Adam::Constants first_step_ = Adam{}.begin(1);
};

}  // namespace

extern "C" void prepare_products(bool float64, const void* a, const void* w, const void* dz, std::size_t rows,
                                 std::size_t columns, std::size_t depth) noexcept {
  const auto prepare_as = [&]<class T>(T) {
    const auto of = [](const void* matrix) { return static_cast<const T*>(matrix); };
    prepare<Products<T>>(of(a), of(w), of(dz), rows, columns, depth);
  };
  float64 ? prepare_as(double{}) : prepare_as(float{});
}

}  // namespace fanin_bench
