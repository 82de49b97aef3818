#include <cmath>
#include <vector>

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

}  // namespace

template <class T>
void initialize(const std::vector<Dense>& layers, const Layout<T>& layout, std::uint64_t seed,
                T* parameters) {
  const FloatingPointScope modes;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerLayout& shape = layout.layers[l];
    double fan_in_variance = 1, variance = 0;
    bool uniform = false;
    at_place(Activations{}, shape.activation,
             [&](auto entry) { fan_in_variance = decltype(entry)::type::fan_in_variance; });
    at_place(Initializers{}, static_cast<int>(layers[l].initializer), [&](auto entry) {
      using I = typename decltype(entry)::type;
      variance =
          I::variance(static_cast<double>(shape.inputs), static_cast<double>(shape.units), fan_in_variance);
      uniform = I::uniform;
    });
    const double deviation = std::sqrt(variance);
    const Panels<T> weights = Layout<T>::weights(parameters, shape);
    const Philox random(seed, stream_of_layer(l));
    std::vector<double> values(shape.units), scratch(shape.units);
    for (std::size_t k = 0; k < shape.inputs && variance > 0; ++k) {
      if (uniform) {
        fill_uniform(values.data(), shape.units, random, k * shape.units);
      } else {
        fill_normal(values.data(), shape.units, random, k * shape.units, scratch.data());
      }
      for (std::size_t j = 0; j < shape.units; ++j) {
        weights.at(k, j / kPanel<T>)[j % kPanel<T>] = static_cast<T>(deviation * values[j]);
      }
    }
  }
}

template void initialize<float>(const std::vector<Dense>&, const Layout<float>&, std::uint64_t, float*);
template void initialize<double>(const std::vector<Dense>&, const Layout<double>&, std::uint64_t, double*);

}  // namespace fanin
