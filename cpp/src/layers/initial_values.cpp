#include "layers/initial_values.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "base/registry.hpp"
#include "base/text.hpp"
#include "data/gather.hpp"
#include "fanin/error.hpp"
#include "layers/orthonormal.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

// The cost of a random value, its store into panels and its check, in flops
constexpr double kFlopsPerValue = 256;

template <class T>
class Filler {
 public:
  explicit Filler(const InitialMatrix<T>& matrix) : of_(matrix), to_(matrix.to) {}

  template <class I>
  void operator()(const I& initializer) const {
    if constexpr (requires { I::drawn; }) {
      draw(I::drawn, initializer.deviation(of_.fan));
    } else {
      fill([&](std::size_t, std::size_t) { return initializer.value; });
    }
  }

  void operator()(const Values& values) const {
    fill([&](std::size_t k, std::size_t j) { return values.array[k * to_.columns + j]; });
  }

  void operator()(const IdentityMatrix& identity) const {
    fill([&](std::size_t k, std::size_t j) { return k == j ? identity.gain : 0; });
  }

  void operator()(const Sparse& sparse) const {
    const auto inputs = static_cast<std::uint32_t>(to_.rows);
    const auto connections = static_cast<std::uint32_t>(sparse.connections);
    const Philox random(of_.seed, stream_of_layer(of_.stream)),
        places(of_.seed, stream_of_connections(of_.stream));
    std::vector<double> values(connections);
    std::vector<std::uint32_t> chosen(connections);
    std::vector<char> taken(inputs);
    for (std::size_t j = 0; j < to_.columns; ++j) {
      const std::uint64_t first = std::uint64_t{j} * connections;
      choose(chosen.data(), connections, inputs, places, first, taken.data());
      random.normal(values.data(), first, connections);
      for (std::size_t i = 0; i < connections; ++i) set(chosen[i], j, sparse.deviation * values[i]);
    }
  }

  void operator()(const Orthogonal& orthogonal) const {
    const std::size_t count = std::min(to_.rows, to_.columns), length = std::max(to_.rows, to_.columns);
    std::vector<double> vectors(count * length);
    Philox(of_.seed, stream_of_layer(of_.stream)).normal(vectors.data(), 0, vectors.size());
    orthonormalize(vectors.data(), count, length);
    const bool tall = to_.rows >= to_.columns;
    fill([&](std::size_t k, std::size_t j) {
      return orthogonal.gain * vectors[tall ? j * length + k : k * length + j];
    });
  }

 private:
  // threads share the rows
  void draw(Drawn drawn, double deviation) const {
    const Philox random(of_.seed, stream_of_layer(of_.stream));
    const std::size_t columns = to_.columns, none = to_.rows * columns;
    const auto values = [&](double* out, std::size_t place, std::size_t n) {
      const std::uint64_t first = std::uint64_t{of_.first_row} * columns + place;
      drawn == Drawn::uniform ? random.uniform(out, first, n) : random.normal(out, first, n);
      for (std::size_t i = 0; i < n; ++i) out[i] *= deviation;
    };
    std::atomic<std::size_t> first_bad{none};
    run_call(claim_for(kFlopsPerValue * static_cast<double>(none)).threads(), [&](int thread, int threads) {
      double some[16 * kPanel<T>];
      const Range rows = Share(thread, threads, 1).take(to_.rows, 1);
      for (std::size_t k = rows.begin; k < rows.end; ++k) {
        for (std::size_t j = 0; j < columns; j += std::size(some)) {
          const std::size_t place = k * columns + j, n = std::min(std::size(some), columns - j);
          values(some, place, n);
          const std::size_t bad = kernels<double>().find_beyond(some, n, std::numeric_limits<T>::max());
          bad < n ? lower(first_bad, place + bad) : store(k, j, some, n);
        }
      }
    });
    if (first_bad == none) return;
    double value = 0;
    values(&value, first_bad, 1);
    check(first_bad / columns, first_bad % columns, value);
  }

  static void lower(std::atomic<std::size_t>& least, std::size_t value) {
    std::size_t now = least;
    while (value < now && !least.compare_exchange_weak(now, value)) {
    }
  }

  // Values of row k from column j on, the first of a panel
  void store(std::size_t k, std::size_t j, const double* values, std::size_t n) const {
    const Panels<T> panels{to_.at(0, j / kPanel<T>), to_.rows, n};
    const std::size_t offset = std::size_t{0} - k;  // row k of the panels is row 0 of the values
    gather_matrix(row_major(values, 1, n), panels, nullptr, offset, {k, k + 1});
  }

  template <class F>
  void fill(F&& value) const {
    for (std::size_t k = 0; k < to_.rows; ++k) {
      for (std::size_t j = 0; j < to_.columns; ++j) set(k, j, value(k, j));
    }
  }

  void check(std::size_t k, std::size_t j, double value) const {
    if (std::abs(value) <= std::numeric_limits<T>::max()) return;
    throw ValueError(of_.name + "row " + std::to_string(k) + ", column " + std::to_string(j) + " is " +
                     number_text(value) + "; every value must be finite in float" +
                     std::to_string(sizeof(T) * 8));
  }

  void set(std::size_t k, std::size_t j, double value) const {
    check(k, j, value);
    to_.at(k, j / kPanel<T>)[j % kPanel<T>] = static_cast<T>(value);
  }

  const InitialMatrix<T>& of_;
  const Panels<T> to_;
};

void check_array(const std::string& owner, const Initializer& initializer, std::size_t size,
                 const std::string& shape) {
  const auto* values = std::get_if<Values>(&initializer);
  if (values == nullptr || values->array.size() == size) return;
  throw ValueError(owner + "array: expected " + shape + " elements, got " +
                   std::to_string(values->array.size()));
}

}  // namespace

void check_weights(const Initializer& initializer, std::size_t inputs, std::size_t units,
                   const std::string& name) {
  check_array(name, initializer, inputs * units, shape_text(inputs, units));
  if (std::holds_alternative<BaseRate>(initializer)) throw ValueError(name + "base_rate is for biases");
  if (const auto* sparse = std::get_if<Sparse>(&initializer)) {
    if (sparse->connections > inputs) {
      throw ValueError(name + "connections: expected at most " + std::to_string(inputs) +
                       ", the inputs of the layer, got " + std::to_string(sparse->connections));
    }
    if (inputs >= (std::uint64_t{1} << 32)) {
      throw ValueError(name + "sparse: expected fewer than 2^32 inputs, got " + std::to_string(inputs));
    }
  }
}

void check_biases(const Initializer& initializer, std::size_t units, const std::string& name) {
  check_array(name, initializer, units, std::to_string(units));
  if (std::holds_alternative<Sparse>(initializer)) {
    throw ValueError(name + "sparse selects some of a unit's weights, but a unit has only one bias");
  }
  const bool orthogonal = std::holds_alternative<Orthogonal>(initializer);
  if (orthogonal || std::holds_alternative<IdentityMatrix>(initializer)) {
    throw ValueError(name + (orthogonal ? Orthogonal::name : IdentityMatrix::name) +
                     " is for weights, but a unit has only one bias");
  }
}

void check_initializers(const Dense& layer, std::size_t inputs, const std::string& text) {
  check_weights(layer.initializer, inputs, layer.units, text + "initializer: ");
  check_biases(layer.bias_initializer, layer.units, text + "bias_initializer: ");
  if (layer.batch_norm && !std::holds_alternative<Zeros>(layer.bias_initializer)) {
    throw ValueError(text +
                     "bias_initializer: expected zeros, because a layer with batch norm has no biases");
  }
}

template <class T>
void draw_initial_values(const Initializer& initializer, const InitialMatrix<T>& matrix) {
  std::visit(Filler<T>(matrix), initializer);
}

template void draw_initial_values(const Initializer&, const InitialMatrix<float>&);
template void draw_initial_values(const Initializer&, const InitialMatrix<double>&);

}  // namespace fanin
