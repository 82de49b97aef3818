#include <doctest/doctest.h>

#include "base/registry.hpp"
#include "fanin/activations.hpp"
#include "fanin/rules/all.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::Matrix;
using fanin::test::small_integer;

namespace {

struct Shape {
  std::size_t rows, inputs, units;
};

// Around the heights and widths of tiles, the width and half-width of panels, row blocks and depth chunks
std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (std::size_t rows = 1; rows <= 66; ++rows) all.push_back({rows, 5, 17});
  for (std::size_t n = 1; n <= 67; ++n) {
    all.push_back({3, n, 4});
    all.push_back({7, 9, n});
  }
  for (const Shape& s :
       {Shape{65, 513, 33}, {130, 64, 70}, {513, 20, 3}, {2, 1025, 1}, {1, 1, 1}, {300, 33, 129}}) {
    all.push_back(s);
  }
  return all;
}

template <class T>
void fill(const Matrix<T>& m, std::uint64_t stream) {
  m.fill([&](std::size_t i, std::size_t j) { return small_integer(stream, i, j); });
}

}  // namespace

TEST_CASE_TEMPLATE("forward of integers is exact", T, float, double) {
  for (const Shape& shape : shapes()) {
    const std::size_t rows = shape.rows, inputs = shape.inputs, units = shape.units;
    Matrix<T> x(rows, inputs), w(inputs, units), a(rows, units), bias(1, units);
    fill(x, 1);
    fill(w, 2);
    fill(bias, 3);
    a.poison();
    const Forward<T> f{
        a.panels(), {}, x.view(), w.view(), bias.panels().data, static_cast<int>(activation<Identity>)};
    kernels<T>().forward(f, {0, a.panels().count()}, {0, rows});
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < units; ++j) {
        double sum = bias.at(0, j);
        for (std::size_t k = 0; k < inputs; ++k) sum += static_cast<double>(x.at(i, k)) * w.at(k, j);
        wrong += a.at(i, j) != static_cast<T>(sum);
      }
    }
    INFO(rows, " x ", inputs, " x ", units);
    CHECK(wrong == 0);
    CHECK(a.intact());
  }
}

TEST_CASE_TEMPLATE("forward keeps padding lanes at zero under every activation", T, float, double) {
  for (int activation = 0; activation < Activations::size; ++activation) {
    for (std::size_t units : {1u, 7u, 16u, 31u, 33u}) {
      Matrix<T> x(5, 3), w(3, units), a(5, units), z(5, units);
      fill(x, 1);
      fill(w, 2);
      const Forward<T> f{a.panels(), z.panels(), x.view(), w.view(), nullptr, activation};
      kernels<T>().forward(f, {0, a.panels().count()}, {0, 5});
      CHECK(a.intact());
    }
  }
}

TEST_CASE_TEMPLATE("the input gradient of integers is exact, in both orientations", T, float, double) {
  for (const Shape& shape : shapes()) {
    const std::size_t rows = shape.rows, inputs = shape.inputs, units = shape.units;
    Matrix<T> w(inputs, units), dy(rows, units), dy_transposed(units, rows), a(rows, inputs);
    Matrix<T> dz(rows, inputs), dz_transposed(inputs, rows);
    fill(w, 2);
    fill(dy, 4);
    dy_transposed.fill([&](std::size_t i, std::size_t j) { return dy.at(j, i); });
    fill(a, 5);
    dz.poison();
    dz_transposed.poison();
    const InputGradient<T> g{dz.panels(),
                             dz_transposed.panels(),
                             w.view(),
                             dy.view(),
                             dy_transposed.view(),
                             {},
                             a.view(),
                             static_cast<int>(activation<Relu>),
                             {}};
    kernels<T>().input_gradient(g, {0, dy_transposed.panels().count()}, {0, inputs});
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < inputs; ++k) {
        double sum = 0;
        for (std::size_t j = 0; j < units; ++j) sum += static_cast<double>(dy.at(i, j)) * w.at(k, j);
        const T expected = a.at(i, k) > 0 ? static_cast<T>(sum) : T{0};
        wrong += dz.at(i, k) != expected || dz_transposed.at(k, i) != expected;
      }
    }
    INFO(rows, " x ", inputs, " x ", units);
    CHECK(wrong == 0);
    CHECK(dz.intact());
    CHECK(dz_transposed.intact());
  }
}

TEST_CASE_TEMPLATE("the weight gradient of integers is exact, and the bias gradient the sum of columns", T,
                   float, double) {
  for (const Shape& shape : shapes()) {
    const std::size_t rows = shape.rows, inputs = shape.inputs, units = shape.units;
    Matrix<T> x(rows, inputs), dz(rows, units), dw(inputs, units), db(1, units);
    fill(x, 1);
    fill(dz, 4);
    const std::size_t bias_offset = dw.panels().size();
    Buffer<T> gradient(bias_offset + db.panels().size());
    const WeightGradient<T> g{gradient.data(), {}, 0, bias_offset, x.view(), dz.view()};
    kernels<T>().weight_gradient(g, {0, dz.panels().count()}, {0, inputs});
    kernels<T>().bias_gradient(g, {0, dz.panels().count()});
    std::memcpy(dw.panels().data, gradient.data(), bias_offset * sizeof(T));
    std::memcpy(db.panels().data, gradient.data() + bias_offset, db.panels().size() * sizeof(T));
    std::size_t wrong = 0;
    for (std::size_t j = 0; j < units; ++j) {
      double column = 0;
      for (std::size_t i = 0; i < rows; ++i) column += dz.at(i, j);
      wrong += db.at(0, j) != static_cast<T>(column);
      for (std::size_t k = 0; k < inputs; ++k) {
        double sum = 0;
        for (std::size_t i = 0; i < rows; ++i) sum += static_cast<double>(x.at(i, k)) * dz.at(i, j);
        wrong += dw.at(k, j) != static_cast<T>(sum);
      }
    }
    INFO(rows, " x ", inputs, " x ", units);
    CHECK(wrong == 0);
    CHECK(dw.intact());
    CHECK(db.intact());
  }
}

TEST_CASE_TEMPLATE("an update in the weight-gradient blocks equals that of a flat array, bit for bit", T,
                   float, double) {
  const std::size_t rows = 37, inputs = 101, units = 45;
  Matrix<T> x(rows, inputs), dz(rows, units);
  x.fill([](std::size_t i, std::size_t j) { return test::uniform(1, i * 1000 + j); });
  dz.fill([](std::size_t i, std::size_t j) { return test::uniform(2, i * 1000 + j); });
  const std::size_t bias_offset = Matrix<T>(inputs, units).panels().size();
  const std::size_t size = bias_offset + Matrix<T>(1, units).panels().size();
  int place = 0;
  for_each_type(Rules{}, [&](auto entry) {
    using R = typename decltype(entry)::type;
    Buffer<T> fused(size), flat(size), gradient(size);
    std::vector<T> fused_slots = test::fresh_slots<T>(R{}, size), flat_slots = fused_slots;
    const std::vector<Segment> segments = test::segments_of(R{}, size);
    const Segment* around = segments.empty() ? nullptr : segments.data();
    const std::vector<T> second(size, T{0.1F});
    for (std::uint64_t t = 1; t <= 3; ++t) {
      const auto constants = R{}.begin(t);
      const Update<T> in_blocks{place, &constants,    fused.data(), fused_slots.data(),
                                size,  second.data(), around,       0.1};
      const Update<T> all_at_once{place, &constants,    flat.data(), flat_slots.data(),
                                  size,  second.data(), around,      0.1};
      const WeightGradient<T> to_blocks{nullptr, in_blocks, 0, bias_offset, x.view(), dz.view()};
      const WeightGradient<T> to_memory{gradient.data(), {}, 0, bias_offset, x.view(), dz.view()};
      for (const auto& g : {to_blocks, to_memory}) {
        kernels<T>().weight_gradient(g, {0, dz.panels().count()}, {0, inputs});
        kernels<T>().bias_gradient(g, {0, dz.panels().count()});
      }
      kernels<T>().update(all_at_once, gradient.data(), {0, size});
    }
    INFO(R::name);
    CHECK(std::memcmp(fused.data(), flat.data(), size * sizeof(T)) == 0);
    CHECK(fused_slots == flat_slots);
    const bool warming_up = requires { R::second_gradient; };
    CHECK((flat.data()[0] != 0) == !warming_up);
    ++place;
  });
}
