// Every activation of the list through the network's kernels, forward and backward, against the same struct
// in long double; tests/reference has independently written formulas.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "base/registry.hpp"
#include "fanin/activations.hpp"
#include "lane.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::Matrix;

namespace {

using Exact = test::Lane<long double>;

// Largest errors in units of eps: of values, relative to the value (or to z, if 1 was subtracted); of slopes,
// absolute.
struct Errors {
  double value = 0, slope = 0;
  bool intact = true;
};

// z_ij = x_i w_j with x_i a power of 2, and the gradient for unit j of row i is 2 - i % 2; both are exact.
template <class A, class T>
Errors errors(std::size_t rows, std::size_t units) {
  constexpr double eps = std::numeric_limits<T>::epsilon();
  Matrix<T> x(rows, 1), w(1, units), z(rows, units), a(rows, units);
  Matrix<T> next(units, 1), dy(rows, 1), dz(rows, units), dz_transposed(units, rows);
  x.fill([](std::size_t i, std::size_t) { return std::ldexp(1.0, static_cast<int>(i % 4) - 2); });
  w.fill([](std::size_t, std::size_t j) { return 9 * test::uniform(17, j); });
  next.fill([](std::size_t, std::size_t) { return 1.0; });
  dy.fill([](std::size_t i, std::size_t) { return 2.0 - static_cast<double>(i % 2); });
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
                               {},
                               z_view,
                               a.view(),
                               static_cast<int>(activation<A>),
                               {}},
                              {0, dz_transposed.panels().count()}, {0, units});
  Errors worst;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < units; ++j) {
      const double at = static_cast<double>(x.at(i, 0)) * static_cast<double>(w.at(0, j));
      const Exact value = A::value(Exact(at)), gradient = A::backward(Exact(dy.at(i, 0)), Exact(at), value);
      const double scale = std::max(static_cast<double>(abs(value).v), std::min(std::abs(at), 1.0));
      const Exact of_value = abs(a.at(i, j) - value), of_slope = abs(dz.at(i, j) - gradient);
      worst.value = std::max(worst.value, static_cast<double>(of_value.v) / scale / eps);
      worst.slope = std::max(worst.slope, static_cast<double>(of_slope.v) / eps);
      worst.intact = worst.intact && dz.at(i, j) == dz_transposed.at(j, i) &&
                     (!A::needs_input || z.at(i, j) == static_cast<T>(at));
    }
  }
  worst.intact = worst.intact && a.intact() && dz.intact() && dz_transposed.intact() && z.intact();
  return worst;
}

}  // namespace

TEST_CASE_TEMPLATE("every activation follows its formula, forward and backward, at every size", T, float,
                   double) {
  for_each_type(Activations{}, [](auto entry) {
    using A = typename decltype(entry)::type;
    for (std::size_t units = 1; units <= 67; ++units) {
      for (const std::size_t rows : {1u, 2u, 15u, 17u, 33u, 65u}) {
        if (units > 35 && rows > 2 && units % 16 > 1) continue;
        const Errors worst = errors<A, T>(rows, units);
        INFO(std::string(A::name), " rows ", rows, " units ", units);
        CHECK(worst.value <= 6);
        // If tanh^2 is near 1, gelu_tanh multiplies the small 1 - tanh^2 by 20.
        CHECK(worst.slope <= (std::is_same_v<A, GeluTanh> ? 50 : 12));
        CHECK(worst.intact);
      }
    }
  });
}
