#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "checks.hpp"
#include "model.hpp"
#include "random.hpp"
#include "registry.hpp"
#include "team.hpp"

namespace fanin {
namespace {

// A number in [0, 1) with 53 random bits
double unit_interval(std::uint32_t low, std::uint32_t high) {
  return static_cast<double>((std::uint64_t{low} | std::uint64_t{high} << 32) >> 11) * 0x1p-53;
}

// n standard normal values by Box and Muller: sqrt(-2 log u) cos(2 pi v)
void fill_normal(double* out, std::size_t n, const Philox& random, std::uint64_t first, double* scratch) {
  const auto& math = kernels<double>().math;
  for (std::size_t i = 0; i < n; ++i) {
    const auto block = random.block(first + i);
    scratch[i] = 1 - unit_interval(block[0], block[1]);
    out[i] = 2 * unit_interval(block[2], block[3]);
  }
  math[static_cast<int>(MathFunction::log)](scratch, scratch, n);
  math[static_cast<int>(MathFunction::cos_pi)](out, out, n);
  for (std::size_t i = 0; i < n; ++i) out[i] *= std::sqrt(-2 * scratch[i]);
}

// n values uniform in [-sqrt(3), sqrt(3)): variance 1
void fill_uniform(double* out, std::size_t n, const Philox& random, std::uint64_t first) {
  const double limit = std::sqrt(3.0);
  for (std::size_t i = 0; i < n; ++i) {
    const auto block = random.block(first + i);
    out[i] = limit * (2 * unit_interval(block[0], block[1]) - 1);
  }
}

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
      const double deviation = initializer.deviation(fan_);
      const Philox random(seed_, stream_of_layer(layer_));
      std::vector<double> row(to_.columns), scratch(to_.columns);
      for (std::size_t k = 0; k < to_.rows; ++k) {
        const std::uint64_t first = std::uint64_t{first_row_ + k} * to_.columns;
        if constexpr (I::drawn == Drawn::uniform) {
          fill_uniform(row.data(), to_.columns, random, first);
        } else {
          fill_normal(row.data(), to_.columns, random, first, scratch.data());
        }
        for (std::size_t j = 0; j < to_.columns; ++j) set(k, j, deviation * row[j]);
      }
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
    std::vector<double> values(connections), scratch(connections);
    std::vector<std::uint32_t> chosen(connections);
    std::vector<char> taken(inputs);
    for (std::size_t j = 0; j < to_.columns; ++j) {
      const std::uint64_t first = std::uint64_t{j} * connections;
      choose(chosen.data(), connections, inputs, places, first, taken.data());
      fill_normal(values.data(), connections, random, first, scratch.data());
      for (std::size_t i = 0; i < connections; ++i) set(chosen[i], j, sparse.deviation * values[i]);
    }
  }

 private:
  template <class F>
  void fill(F&& value) const {
    for (std::size_t k = 0; k < to_.rows; ++k) {
      for (std::size_t j = 0; j < to_.columns; ++j) set(k, j, value(k, j));
    }
  }

  void set(std::size_t k, std::size_t j, double value) const {
    if (!(std::abs(value) <= std::numeric_limits<T>::max())) {
      throw ValueError(name_ + "row " + std::to_string(k) + ", column " + std::to_string(j) + " is " +
                       number_text(value) + "; every value must be finite in float" +
                       std::to_string(sizeof(T) * 8));
    }
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
