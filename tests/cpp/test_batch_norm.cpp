// The kernels of batch norm on panels, against the formulas in double, with canaries after every output.
#include <doctest/doctest.h>

#include <cmath>

#include "base/registry.hpp"
#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::Matrix;
using fanin::test::uniform;

namespace {

struct Shape {
  std::size_t rows, units;
};

// Around the widths of vectors and panels, and the rows of a block
std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (std::size_t n = 1; n <= 67; ++n) all.push_back({5, n});
  for (const std::size_t rows : {2u, 3u, 31u, 32u, 33u, 63u, 64u, 65u, 127u, 128u, 129u, 200u})
    all.push_back({rows, 37});
  return all;
}

constexpr double kEpsilon = 1e-3;

double value(std::uint64_t stream, std::size_t i, std::size_t j) { return uniform(stream, i * 1009 + j); }

template <class T>
struct LayerData {
  std::size_t rows, units;
  Matrix<T> u{rows, units}, a{rows, units}, dz{rows, units}, dz_transposed{units, rows};
  Matrix<T> offset{1, units}, variance{1, units}, gamma{1, units}, beta{1, units}, dgamma{1, units},
      dbeta{1, units};

  explicit LayerData(Shape shape, double size = 1) : rows(shape.rows), units(shape.units) {
    u.fill([&](std::size_t i, std::size_t j) { return size * (3 + value(1, i, j)); });
    dz.fill([](std::size_t i, std::size_t j) { return value(2, i, j); });
    gamma.fill([](std::size_t i, std::size_t j) { return value(3, i, j); });
    beta.fill([](std::size_t i, std::size_t j) { return value(4, i, j); });
    a.poison();
    dz_transposed.poison();
  }

  void forward() const {
    kernels<T>().normalize_layer({a.panels(),
                                  {},
                                  u.view(),
                                  offset.panels().data,
                                  variance.panels().data,
                                  gamma.panels().data,
                                  beta.panels().data,
                                  static_cast<T>(kEpsilon),
                                  static_cast<int>(activation<Identity>)},
                                 {0, u.panels().count()});
  }
  void backward() const {
    kernels<T>().normalize_layer_backward(
        {dz.panels(), dz_transposed.panels(), dgamma.panels().data, dbeta.panels().data, u.view(),
         offset.panels().data, variance.panels().data, gamma.panels().data, static_cast<T>(kEpsilon)},
        {0, u.panels().count()});
  }
};

template <class T>
constexpr double kTolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;

}  // namespace

TEST_CASE_TEMPLATE("a layer is normalized column by column, and padding stays zero", T, float, double) {
  for (const Shape& shape : shapes()) {
    const LayerData<T> l(shape);
    l.forward();
    double worst = 0;
    for (std::size_t j = 0; j < l.units; ++j) {
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < l.rows; ++i) mean += l.u.at(i, j) / static_cast<double>(l.rows);
      for (std::size_t i = 0; i < l.rows; ++i) {
        variance += std::pow(l.u.at(i, j) - mean, 2) / static_cast<double>(l.rows);
      }
      for (std::size_t i = 0; i < l.rows; ++i) {
        const double y =
            l.gamma.at(0, j) * (l.u.at(i, j) - mean) / std::sqrt(variance + kEpsilon) + l.beta.at(0, j);
        worst = std::fmax(worst, std::abs(l.a.at(i, j) - y));
      }
      worst = std::fmax(worst, std::abs(l.variance.at(0, j) - variance));
      worst = std::fmax(worst, std::abs(l.u.at(0, j) + l.offset.at(0, j) - mean));
    }
    CAPTURE(shape.rows);
    CAPTURE(shape.units);
    CHECK(worst < kTolerance<T>);
    CHECK((l.a.intact() && l.offset.intact() && l.variance.intact()));
  }
}

TEST_CASE_TEMPLATE("the gradient of a normalized layer is right, in both orientations", T, float, double) {
  for (const Shape& shape : shapes()) {
    const LayerData<T> l(shape), given(shape);
    l.forward();
    l.backward();
    double worst = 0;
    std::size_t turned_wrongly = 0;
    for (std::size_t j = 0; j < l.units; ++j) {
      const double mean = l.u.at(0, j) + static_cast<double>(l.offset.at(0, j));
      const double root = std::sqrt(static_cast<double>(l.variance.at(0, j)) + kEpsilon);
      double dgamma = 0, dbeta = 0;
      for (std::size_t i = 0; i < l.rows; ++i) {
        dbeta += given.dz.at(i, j);
        dgamma += given.dz.at(i, j) * (l.u.at(i, j) - mean) / root;
      }
      for (std::size_t i = 0; i < l.rows; ++i) {
        const double of_rows = (dbeta + (l.u.at(i, j) - mean) / root * dgamma) / static_cast<double>(l.rows);
        const double dz = l.gamma.at(0, j) / root * (given.dz.at(i, j) - of_rows);
        worst = std::fmax(worst, std::abs(l.dz.at(i, j) - dz) * root);
        turned_wrongly += l.dz.at(i, j) != l.dz_transposed.at(j, i);
      }
      worst = std::fmax(worst, std::abs(l.dgamma.at(0, j) - dgamma) / static_cast<double>(l.rows));
      worst = std::fmax(worst, std::abs(l.dbeta.at(0, j) - dbeta) / static_cast<double>(l.rows));
    }
    CAPTURE(shape.rows);
    CAPTURE(shape.units);
    CHECK(worst < kTolerance<T>);
    CHECK(turned_wrongly == 0);
    CHECK((l.dz.intact() && l.dz_transposed.intact() && l.dgamma.intact() && l.dbeta.intact()));
  }
}

TEST_CASE_TEMPLATE("a layer with squares that overflow has the bits of one without overflow", T, float,
                   double) {
  const int small = sizeof(T) == 4 ? 40 : 470, large = sizeof(T) == 4 ? 80 : 900;
  for (const Shape& shape : shapes()) {
    const LayerData<T> l(shape, std::ldexp(1.0, small)), m(shape, std::ldexp(1.0, large));
    for (const LayerData<T>* each : {&l, &m}) {
      each->forward();
      each->backward();
    }
    std::size_t differences = 0;
    for (std::size_t j = 0; j < l.units; ++j) {
      differences += l.dgamma.at(0, j) != m.dgamma.at(0, j) || l.dbeta.at(0, j) != m.dbeta.at(0, j);
      differences += std::ldexp(l.offset.at(0, j), large - small) != m.offset.at(0, j);
      differences += !std::isinf(m.variance.at(0, j));
      for (std::size_t i = 0; i < l.rows; ++i) {
        differences += l.a.at(i, j) != m.a.at(i, j);
        differences += l.dz.at(i, j) != std::ldexp(m.dz.at(i, j), large - small);
        differences += m.dz.at(i, j) != m.dz_transposed.at(j, i);
      }
    }
    CAPTURE(shape.rows);
    CAPTURE(shape.units);
    CHECK(differences == 0);
    CHECK((m.a.intact() && m.offset.intact() && m.variance.intact()));
    CHECK((m.dz.intact() && m.dz_transposed.intact() && m.dgamma.intact() && m.dbeta.intact()));
  }
}

TEST_CASE("missing arrays, and arrays of other sizes, are refused with a message") {
  Network<float> net(3, {{4, activation<Relu>, Automatic{}, Zeros{}, BatchNorm{}}, {2}}, SquaredError{});
  std::vector<float> four(4, 1), two(2, 1), minus(4, -1);
  CHECK_THROWS_WITH_AS(net.get_array("layer2.gamma", two),
                       "name: expected one of layer1.weight, layer1.beta, layer1.gamma, layer1.running_mean, "
                       "layer1.running_variance, layer2.weight, layer2.bias, got \"layer2.gamma\"",
                       ValueError);
  CHECK_THROWS_WITH_AS(net.set_array("layer1.running_mean", two),
                       "layer1.running_mean: expected 4 elements, got 2", ValueError);
  CHECK_THROWS_WITH_AS(net.set_array("layer1.running_variance", minus),
                       "layer1.running_variance: expected numbers of at least 0, got -1", ValueError);
  net.set_array("layer1.running_variance", four);
  net.get_array("layer1.running_variance", minus);
  CHECK(minus == four);
}

TEST_CASE("invalid batch norm is refused when the network is constructed") {
  const auto make = [](BatchNorm norm, Initializer biases) {
    return Network<float>(3, {{4, activation<Relu>, Automatic{}, biases, norm}}, SquaredError{});
  };
  CHECK_THROWS_WITH_AS(make({.epsilon = 0}, Zeros{}),
                       "layers: layer 1: batch_norm: epsilon: expected a number in [1e-30, 1e+30], got 0",
                       ValueError);
  CHECK_THROWS_WITH_AS(make({.decay = 1}, Zeros{}),
                       "layers: layer 1: batch_norm: decay: expected a number in [0, 1), got 1", ValueError);
  CHECK_THROWS_AS(make({}, Constant{.value = 1}), ValueError);
}
