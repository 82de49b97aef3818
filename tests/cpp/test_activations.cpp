// Every activation of the list through the network's kernels, forward and backward, against its formula in
// double. An entry without an overload of `formula` and `slope` does not compile.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "base/registry.hpp"
#include "fanin/activations.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::Matrix;

namespace {

double s(double z) { return 1 / (1 + std::exp(-z)); }
double phi(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * M_PI); }
double below(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }
double inner(double z) { return std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z); }

double formula(Identity, double z) { return z; }
double formula(Logistic, double z) { return s(z); }
double formula(Tanh, double z) { return std::tanh(z); }
double formula(Relu, double z) { return z > 0 ? z : 0; }
double formula(SymmetricLogistic, double z) { return -std::expm1(-z) * s(z); }
double formula(LeakyRelu, double z) { return z > 0 ? z : z / 100; }
double formula(Elu, double z) { return z > 0 ? z : std::expm1(z); }
double formula(Selu, double z) { return Selu::scale * (z > 0 ? z : Selu::alpha * std::expm1(z)); }
double formula(Softplus, double z) { return std::log1p(std::exp(z)); }
double formula(Softsign, double z) { return z / (1 + std::abs(z)); }
double formula(Gelu, double z) { return z * below(z); }
double formula(GeluTanh, double z) { return z * (1 + std::tanh(inner(z))) / 2; }
double formula(Silu, double z) { return z * s(z); }
double formula(Mish, double z) { return z * std::tanh(std::log1p(std::exp(z))); }

double slope(Identity, double) { return 1; }
double slope(Logistic, double z) { return s(z) * s(-z); }
double slope(Tanh, double z) { return 1 / (std::cosh(z) * std::cosh(z)); }
double slope(Relu, double z) { return z > 0 ? 1 : 0; }
double slope(SymmetricLogistic, double z) { return 2 * s(z) * s(-z); }
double slope(LeakyRelu, double z) { return z > 0 ? 1 : 0.01; }
double slope(Elu, double z) { return z > 0 ? 1 : std::exp(z); }
double slope(Selu, double z) { return Selu::scale * (z > 0 ? 1 : Selu::alpha * std::exp(z)); }
double slope(Softplus, double z) { return s(z); }
double slope(Softsign, double z) { return std::pow(1 + std::abs(z), -2); }
double slope(Gelu, double z) { return below(z) + z * phi(z); }
double slope(GeluTanh, double z) {
  const double u = inner(z), du = std::sqrt(2 / M_PI) * (1 + 3 * 0.044715 * z * z);
  return (1 + std::tanh(u)) / 2 + z * du / 2 / std::cosh(u) / std::cosh(u);
}
double slope(Silu, double z) { return s(z) + z * s(z) * s(-z); }
double slope(Mish, double z) {
  const double t = std::tanh(std::log1p(std::exp(z)));
  return t + z * (1 - t * t) * s(z);
}

// Worst errors in units of eps: of values, relative to them (or to z, where 1 was subtracted); of slopes,
// absolute.
struct Errors {
  double value = 0, slope = 0;
  bool intact = true;
};

// z_ij = x_i w_j with x_i a power of 2, and the gradient that comes back to unit j of row i is 2 - i % 2,
// both exact
template <class A, class T>
Errors errors(std::size_t rows, std::size_t units) {
  constexpr double eps = std::numeric_limits<T>::epsilon();
  Matrix<T> x(rows, 1), w(1, units), z(rows, units), a(rows, units);
  Matrix<T> next(units, 1), dy(1, rows), dz(rows, units), dz_transposed(units, rows);
  x.fill([](std::size_t i, std::size_t) { return std::ldexp(1.0, static_cast<int>(i % 4) - 2); });
  w.fill([](std::size_t, std::size_t j) { return 9 * test::uniform(17, j); });
  next.fill([](std::size_t, std::size_t) { return 1.0; });
  dy.fill([](std::size_t, std::size_t i) { return 2.0 - static_cast<double>(i % 2); });
  a.poison();
  dz.poison();
  dz_transposed.poison();
  Panels<T> kept = z.panels();
  if (!A::needs_input) kept.data = nullptr;
  const Panels<const T> z_view{kept.data, rows, units};
  kernels<T>().forward({a.panels(), kept, x.view(), w.view(), nullptr, static_cast<int>(activation<A>)},
                       {0, a.panels().count()}, {0, rows});
  kernels<T>().input_gradient({dz.panels(),
                               dz_transposed.panels(),
                               next.view(),
                               dy.view(),
                               z_view,
                               a.view(),
                               static_cast<int>(activation<A>),
                               {}},
                              {0, dy.panels().count()}, {0, units});
  Errors worst;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < units; ++j) {
      const double at = static_cast<double>(x.at(i, 0)) * static_cast<double>(w.at(0, j)),
                   value = formula(A{}, at);
      const double scale = std::max(std::abs(value), std::min(std::abs(at), 1.0));
      worst.value = std::max(worst.value, std::abs(static_cast<double>(a.at(i, j)) - value) / scale / eps);
      const double gradient = slope(A{}, at) * static_cast<double>(dy.at(0, i));
      worst.slope = std::max(worst.slope, std::abs(static_cast<double>(dz.at(i, j)) - gradient) / eps);
      worst.intact = worst.intact && dz.at(i, j) == dz_transposed.at(j, i) &&
                     (!A::needs_input || z.at(i, j) == static_cast<T>(at));
    }
  }
  worst.intact = worst.intact && a.intact() && dz.intact() && dz_transposed.intact() && z.intact();
  return worst;
}

}  // namespace

TEST_CASE_TEMPLATE("every activation is its formula in double, forward and backward, at every size", T, float,
                   double) {
  for_each_type(Activations{}, [](auto entry) {
    using A = typename decltype(entry)::type;
    for (std::size_t units = 1; units <= 67; ++units) {
      for (const std::size_t rows : {1u, 2u, 15u, 17u, 33u, 65u}) {
        if (units > 35 && rows > 2 && units % 16 > 1) continue;
        const Errors worst = errors<A, T>(rows, units);
        INFO(std::string(A::name), " rows ", rows, " units ", units);
        CHECK(worst.value <= 6);
        // where tanh^2 is near 1, gelu_tanh multiplies what is left of it by 20
        CHECK(worst.slope <= (std::is_same_v<A, GeluTanh> ? 50 : 12));
        CHECK(worst.intact);
      }
    }
  });
}
