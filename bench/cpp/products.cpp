// Times the products of a dense layer, called through the active kernel table as a training step calls them.
// Requests come a line at a time on standard input, answers go a line at a time to standard output.
//
// prepare TYPE ROWS COLUMNS DEPTH: "ready", with A (rows, depth), W (depth, columns) and dZ (rows, columns)
//
// check KIND: the checksum of the result
//
// round KIND SECONDS: microseconds a call, from about this many seconds of calls
//
// TYPE is float32 or float64. KIND is forward, input_gradient, weight_gradient or weight_gradient_adam.
// Threads are those of FANIN_NUM_THREADS.
#include <memory>
#include <sstream>
#include <string>

#include "base/buffer.hpp"
#include "base/registry.hpp"
#include "fanin/activations.hpp"
#include "fanin/rules/all.hpp"
#include "kernels/table.hpp"
#include "requests.hpp"
#include "team/team.hpp"

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

// Sum of m_ij ((3 i + 5 j) mod 11 - 5), as the peers form it
template <class T>
double checksum(const Matrix<T>& m) {
  double sum = 0;
  for (std::size_t i = 0; i < m.panels.rows; ++i) {
    for (std::size_t j = 0; j < m.panels.columns; ++j) {
      sum += static_cast<double>(m(i, j)) * (static_cast<double>((3 * i + 5 * j) % 11) - 5);
    }
  }
  return sum;
}

// The calls a request makes, for either type
class AnyLayer {
 public:
  virtual ~AnyLayer() = default;
  // The checksum of one call's result; W is as before afterwards
  virtual double check(const std::string& kind) = 0;
  // Seconds of `n` calls by a team that meets after each
  virtual double run(const std::string& kind, std::size_t n) = 0;
};

template <class T>
class Layer final : public AnyLayer {
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
                                : kind == "input_gradient"  ? da_
                                : kind == "weight_gradient" ? dw_
                                                            : w_);
    fill(w_);
    return sum;
  }

  double run(const std::string& kind, std::size_t n) override {
    Barrier barrier;
    const Adam::Constants constants = adam_.begin(1);
    const Update<T> update{index_in<Adam, Rules>, &constants, w_.panels.data, slots_.data(),
                           w_.memory.size()};
    double seconds = 0;
    run_team(team_size(), [&](int thread, int threads) {
      barrier.wait(threads);
      const double start = seconds_now();
      for (std::size_t call = 0; call < n; ++call) {
        if (kind == "forward") {
          forward(thread, threads);
        } else if (kind == "input_gradient") {
          input_gradient(thread, threads);
        } else {
          weight_gradient(thread, threads, kind == "weight_gradient" ? dw_.panels.data : nullptr, update);
        }
        barrier.wait(threads);
      }
      if (thread == 0) seconds = seconds_now() - start;
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
    const Forward<T> f{z_.panels, {nullptr, 0, 0}, a_, w_, nullptr, index_in<Identity, Activations>};
    share(thread, threads, z_.panels.count(), z_.panels.rows,
          [&](Range panels, Range rows) { kernels<T>().forward(f, panels, rows); });
  }

  void input_gradient(int thread, int threads) {
    const InputGradient<T> g{
        da_.panels, {nullptr, 0, 0}, w_, dz_transposed_, {nullptr, 0, 0}, a_, index_in<Identity, Activations>,
        {}};
    // the rows of w outside, so that it is read once
    const std::size_t inputs = da_.panels.columns, panels = dz_transposed_.panels.count();
    for_each_rectangle(Share(thread, threads, 1).take(row_blocks(inputs) * panels, 1), panels,
                       [&](Range of_blocks, Range of_panels) {
                         kernels<T>().input_gradient(g, of_panels, rows_of_blocks(of_blocks, inputs));
                       });
  }

  void weight_gradient(int thread, int threads, T* gradient, const Update<T>& update) {
    const WeightGradient<T> g{gradient, update, 0, 0, a_, dz_};
    share(thread, threads, w_.panels.count(), w_.panels.rows,
          [&](Range panels, Range rows) { kernels<T>().weight_gradient(g, panels, rows); });
  }

  Matrix<T> a_, w_, dz_, dz_transposed_, z_, da_, dw_;
  Buffer<T> slots_;
  Adam adam_;
};

std::unique_ptr<AnyLayer> layer_of(std::istringstream& words) {
  std::string type;
  std::size_t rows = 0, columns = 0, depth = 0;
  words >> type >> rows >> columns >> depth;
  if (type == "float64") return std::make_unique<Layer<double>>(rows, columns, depth);
  return std::make_unique<Layer<float>>(rows, columns, depth);
}

}  // namespace

int main() { return fanin_bench::serve(layer_of); }
