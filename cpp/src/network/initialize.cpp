#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/registry.hpp"
#include "base/text.hpp"
#include "data/gather.hpp"
#include "network/model.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"
#include "team/team.hpp"

namespace fanin {
namespace {

// A random value, its place among panels and its check, in flops that take as long
constexpr double kFlopsPerValue = 256;

// The initial values of one matrix of parameters: the weights of a layer, or its biases as a single row,
// whose random numbers are those of the row that would follow the weights.
template <class T>
class Filler {
 public:
  Filler(std::string name, Panels<T> to, const Fan& fan, std::uint64_t seed, std::uint64_t layer,
         std::size_t first_row)
      : name_(std::move(name)), to_(to), fan_(fan), seed_(seed), layer_(layer), first_row_(first_row) {}

  template <class I>
  void operator()(const I& initializer) const {
    if constexpr (requires { I::drawn; }) {
      draw(I::drawn, initializer.deviation(fan_));
    } else {
      fill([&](std::size_t, std::size_t) { return initializer.value; });
    }
  }

  void operator()(const Values& values) const {
    fill([&](std::size_t k, std::size_t j) { return values.array[k * to_.columns + j]; });
  }

  void operator()(const Sparse& sparse) const {
    const auto inputs = static_cast<std::uint32_t>(to_.rows);
    const auto connections = static_cast<std::uint32_t>(sparse.connections);
    const Philox random(seed_, stream_of_layer(layer_)), places(seed_, stream_of_connections(layer_));
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

 private:
  // threads take rows
  void draw(Drawn drawn, double deviation) const {
    const Philox random(seed_, stream_of_layer(layer_));
    const std::size_t columns = to_.columns, none = to_.rows * columns;
    const auto values = [&](double* out, std::size_t place, std::size_t n) {
      const std::uint64_t first = std::uint64_t{first_row_} * columns + place;
      drawn == Drawn::uniform ? random.uniform(out, first, n) : random.normal(out, first, n);
      for (std::size_t i = 0; i < n; ++i) out[i] *= deviation;
    };
    std::atomic<std::size_t> first_bad{none};
    run_call(threads_for(kFlopsPerValue * static_cast<double>(none)), [&](int thread, int threads) {
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

  // values of row k from column j on, where a panel begins
  void store(std::size_t k, std::size_t j, const double* values, std::size_t n) const {
    const Panels<T> panels{to_.at(0, j / kPanel<T>), to_.rows, n};
    const std::size_t offset = std::size_t{0} - k;  // row k of the panels is the only one of the values
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
    throw ValueError(name_ + "row " + std::to_string(k) + ", column " + std::to_string(j) + " is " +
                     number_text(value) + "; every value must be finite in float" +
                     std::to_string(sizeof(T) * 8));
  }

  void set(std::size_t k, std::size_t j, double value) const {
    check(k, j, value);
    to_.at(k, j / kPanel<T>)[j % kPanel<T>] = static_cast<T>(value);
  }

  std::string name_;
  Panels<T> to_;
  Fan fan_;
  std::uint64_t seed_, layer_;
  std::size_t first_row_;
};

}  // namespace

template <class T>
void initialize(const std::vector<Layer>& layers, const Layout<T>& layout, std::uint64_t seed,
                T* parameters) {
  const FloatingPointScope modes;
  std::uint64_t stream = 0;  // dense layers are counted, so that what is put between them changes nothing
  for (const LayerLayout& shape : layout.layers) {
    if (shape.batch_norm) std::fill_n(parameters + shape.gamma, shape.units, T{1});
    const auto* dense = std::get_if<Dense>(&layers[shape.number].kind);
    if (dense == nullptr) continue;
    Fan fan{static_cast<double>(shape.inputs), static_cast<double>(shape.units), 1};
    at_place(Activations{}, shape.activation,
             [&](auto entry) { fan.activation_variance = decltype(entry)::type::fan_in_variance; });
    const Panels<T> weights = Layout<T>::weights(parameters, shape);
    const Panels<T> biases{parameters + shape.biases, 1, shape.units};
    const std::string name = layer_text(shape.number);
    std::visit(Filler<T>(name + "initializer: ", weights, fan, seed, stream, 0), dense->initializer);
    std::visit(Filler<T>(name + "bias_initializer: ", biases, fan, seed, stream, shape.inputs),
               dense->bias_initializer);
    ++stream;
  }
}

template void initialize<float>(const std::vector<Layer>&, const Layout<float>&, std::uint64_t, float*);
template void initialize<double>(const std::vector<Layer>&, const Layout<double>&, std::uint64_t, double*);

}  // namespace fanin
