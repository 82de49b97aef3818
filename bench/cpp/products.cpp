// The products of a dense layer, called through the active kernel table as a training step calls them.
#include "base/buffer.hpp"
#include "base/registry.hpp"
#include "cases.hpp"
#include "fanin/activations.hpp"
#include "fanin/rules/all.hpp"
#include "kernels/table.hpp"
#include "team/team.hpp"

namespace fanin_bench {
namespace {

using namespace fanin;

// A matrix in panels and the memory it lies in.
template <class T>
struct Matrix {
  Matrix(std::size_t rows, std::size_t columns)
      : memory(Panels<T>{nullptr, rows, columns}.size()), panels{memory.data(), rows, columns} {}

  T& operator()(std::size_t i, std::size_t j) const { return panels.at(i, j / kPanel<T>)[j % kPanel<T>]; }
  operator Panels<const T>() const { return {panels.data, panels.rows, panels.columns}; }

  Buffer<T> memory;
  Panels<T> panels;
};

// Small integers, the same as the peers': (7 i + 13 j) mod 17 - 8
float entry(std::size_t i, std::size_t j) { return static_cast<float>((7 * i + 13 * j) % 17) - 8; }

template <class T>
void fill(const Matrix<T>& m) {
  for (std::size_t i = 0; i < m.panels.rows; ++i) {
    for (std::size_t j = 0; j < m.panels.columns; ++j) m(i, j) = static_cast<T>(entry(i, j));
  }
}

template <class T>
double checksum(const Matrix<T>& m) {
  double sum = 0;
  for (std::size_t i = 0; i < m.panels.rows; ++i) {
    for (std::size_t j = 0; j < m.panels.columns; ++j) {
      sum += static_cast<double>(m(i, j)) * checksum_weight(i, j);
    }
  }
  return sum;
}

template <class T>
class Layer final : public Case {
 public:
  Layer(std::size_t rows, std::size_t columns, std::size_t depth)
      : a_(rows, depth),
        w_(depth, columns),
        dz_(rows, columns),
        dz_transposed_(columns, rows),
        z_(rows, columns),
        da_(rows, depth),
        dw_(depth, columns),
        slots_(2 * w_.memory.size()) {
    fill(a_);
    fill(w_);
    fill(dz_);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) dz_transposed_(j, i) = dz_(i, j);
    }
  }

  double check(const std::string& kind) override {
    slots_.clear();
    run(kind, 1);
    const double sum = checksum(kind == "forward"           ? z_
                                : kind == "input gradient"  ? da_
                                : kind == "weight gradient" ? dw_
                                                            : w_);
    fill(w_);
    return sum;
  }

  double run(const std::string& kind, std::size_t n) override {
    Barrier barrier;
    const Adam::Constants constants = adam_.begin(1);
    const Update<T> update{.rule = index_in<Adam, Rules>,
                           .constants = &constants,
                           .parameters = w_.panels.data,
                           .slots = slots_.data(),
                           .slot_stride = w_.memory.size()};
    double seconds = 0;
    run_team(team_size(), [&](int thread, int threads) {
      barrier.wait(threads);
      const double start = now();
      for (std::size_t call = 0; call < n; ++call) {
        if (kind == "forward") {
          forward(thread, threads);
        } else if (kind == "input gradient") {
          input_gradient(thread, threads);
        } else {
          weight_gradient(thread, threads, kind == "weight gradient" ? dw_.panels.data : nullptr, update);
        }
        barrier.wait(threads);
      }
      if (thread == 0) seconds = now() - start;
    });
    return seconds;
  }

 private:
  // f(panels, rows) for this thread's share of the units of a matrix, panel by panel
  template <class F>
  static void share(int thread, int threads, std::size_t panels, std::size_t rows, F&& f) {
    const std::size_t blocks = row_blocks(rows);
    for_each_rectangle(
        Share(thread, threads, 1).take(panels * blocks, 1), blocks,
        [&](Range of_panels, Range of_blocks) { f(of_panels, rows_of_blocks(of_blocks, rows)); });
  }

  void forward(int thread, int threads) {
    const Forward<T> f{.a = z_.panels,
                       .z = {},
                       .x = a_,
                       .w = w_,
                       .bias = nullptr,
                       .activation = index_in<Identity, Activations>};
    share(thread, threads, z_.panels.count(), z_.panels.rows,
          [&](Range panels, Range rows) { kernels<T>().forward(f, panels, rows); });
  }

  void input_gradient(int thread, int threads) {
    const InputGradient<T> g{.dz = da_.panels,
                             .dz_transposed = {},
                             .w = w_,
                             .dy = dz_,
                             .dy_transposed = dz_transposed_,
                             .z = {},
                             .a = a_,
                             .activation = index_in<Identity, Activations>,
                             .mask = {}};
    // the rows of w outside, so that it is read once
    const std::size_t inputs = da_.panels.columns, panels = dz_transposed_.panels.count();
    for_each_rectangle(Share(thread, threads, 1).take(row_blocks(inputs) * panels, 1), panels,
                       [&](Range of_blocks, Range of_panels) {
                         kernels<T>().input_gradient(g, of_panels, rows_of_blocks(of_blocks, inputs));
                       });
  }

  void weight_gradient(int thread, int threads, T* gradient, const Update<T>& update) {
    const WeightGradient<T> g{
        .gradient = gradient, .update = update, .weight_offset = 0, .bias_offset = 0, .x = a_, .dz = dz_};
    share(thread, threads, w_.panels.count(), w_.panels.rows,
          [&](Range panels, Range rows) { kernels<T>().weight_gradient(g, panels, rows); });
  }

  Matrix<T> a_, w_, dz_, dz_transposed_, z_, da_, dw_;
  Buffer<T> slots_;
  Adam adam_;
};

}  // namespace

std::unique_ptr<Case> products(std::istringstream& words) {
  std::string type;
  std::size_t rows = 0, columns = 0, depth = 0;
  words >> type >> rows >> columns >> depth;
  if (type == "float64") return std::make_unique<Layer<double>>(rows, columns, depth);
  return std::make_unique<Layer<float>>(rows, columns, depth);
}

}  // namespace fanin_bench
