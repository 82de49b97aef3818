// Rows in compressed form give the bits of the dense matrix with the same values.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "allocations.hpp"
#include "data/gather.hpp"
#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::allocations;

namespace {

// A random matrix of which most values are 0, in both forms; row 1 is empty.
template <class S, class I>
struct TwoForms {
  std::size_t rows, columns;
  std::vector<S> dense, values;
  std::vector<I> column_numbers, row_starts = {0};

  TwoForms(std::size_t rows_, std::size_t columns_) : rows(rows_), columns(columns_), dense(rows * columns) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        const double u = test::uniform(3, i * columns + j);
        if (i == 1 || std::abs(u) > 0.3) continue;
        dense[i * columns + j] = static_cast<S>(std::is_integral_v<S> ? 200 * std::abs(u) : 4 * u);
        values.push_back(dense[i * columns + j]);
        column_numbers.push_back(static_cast<I>(j));
      }
      row_starts.push_back(static_cast<I>(values.size()));
    }
  }
  SparseRows sparse() const { return csr(columns, values, column_numbers, row_starts); }
  NumberMatrix matrix() const { return numbers(row_major(dense.data(), rows, columns)); }
};

SparseRows of_arrays(std::size_t rows, std::size_t columns, const std::vector<double>& values,
                     const std::vector<std::int32_t>& column_numbers,
                     const std::vector<std::int32_t>& row_starts) {
  return {rows, columns, numbers(row_major(values.data(), 1, values.size())), column_numbers, row_starts};
}

}  // namespace

#define CHECK_REFUSED(call, message) CHECK_THROWS_WITH_AS(call, message, ValueError)

TEST_CASE_TEMPLATE("sparse rows are gathered like dense ones, in any order", T, float, double) {
  const std::vector<std::uint32_t> order = {4, 0, 3, 3, 1, 2};
  for (const std::size_t columns : {1u, 15u, 16u, 33u, 70u, 1100u}) {
    const auto check = [&]<class S, class I>(S, I) {
      const TwoForms<S, I> x(6, columns);
      test::Matrix<T> of_sparse(5, columns), of_dense(5, columns);
      of_sparse.poison();
      gather_samples<T>(x.sparse(), of_sparse.panels(), order.data(), 1, {0, 2});
      gather_samples<T>(x.sparse(), of_sparse.panels(), order.data(), 1, {2, 5});
      gather_samples<T>(x.matrix(), of_dense.panels(), order.data(), 1, {0, 5});
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t j = 0; j < columns; ++j) wrong += of_sparse.at(i, j) != of_dense.at(i, j);
      }
      CHECK(wrong == 0);
      CHECK(of_sparse.intact());
    };
    check(float{}, std::int32_t{}), check(float{}, std::int64_t{}), check(double{}, std::int32_t{});
    check(std::uint8_t{}, std::int32_t{}), check(std::int64_t{}, std::int64_t{});
    check(static_cast<long double>(0), std::int32_t{});
  }
}

TEST_CASE_TEMPLATE("sparse rows train, predict and evaluate with the bits of dense ones", T, float, double) {
  const TwoForms<double, std::int32_t> x(150, 40);
  std::vector<std::int32_t> labels(x.rows);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 3);
  const Targets y = std::span<const std::int32_t>(labels);
  const auto results = [&](const Samples& samples, const Layer& first) {
    Network<T> net(x.columns, {first, {9, Tanh{}}, {3}}, SoftmaxCrossEntropy{}, 1);
    fit(net, {samples, y}, Adam{}, {.epochs = 2, .batch_size = 32});
    std::vector<T> out(3 * x.rows), gradient, weights;
    net.predict(samples, row_major(out.data(), x.rows, 3));
    const Objective<T> objective(net, samples, y);
    weights.assign(objective.size(), T{0.125});
    gradient.resize(objective.size());
    const double loss = objective.loss_and_gradient(weights, gradient);
    const Evaluation e = net.evaluate(samples, y);
    return std::tuple(net.to_bytes(), out, gradient, loss, e.loss, e.metric);
  };
  for (const Layer& first : {Layer{7, Relu{}}, Layer(Standardize{}), Layer(RobustScale{}),
                             Layer(QuantileLayer{}), Layer(Whiten{})}) {
    CHECK(results(x.sparse(), first) == results(x.matrix(), first));
  }
}

TEST_CASE_TEMPLATE("values at the same place are added up, and denormals count as 0", T, float, double) {
  const std::vector<double> values = {1, 2, -5, 4, 1e-320};
  const std::vector<std::int32_t> columns = {2, 0, 2, 2, 1}, starts = {0, 4, 5};
  const SparseRows x = of_arrays(2, 3, values, columns, starts);
  test::Matrix<T> m(2, 3);
  gather_samples<T>(x, m.panels(), nullptr, 0, {0, 2});
  CHECK(m.at(0, 0) == T{2});
  CHECK(m.at(0, 2) == T{0});
  CHECK(m.at(1, 1) == T{0});
  std::vector<double> row(3);
  convert_values(row.data(), x, 0, {0, 3});
  CHECK(row == std::vector<double>{2, 0, 0});

  const T largest = std::numeric_limits<T>::max();
  const std::vector<double> two = {largest, 1, largest, 1, 1};
  const SparseRows large = of_arrays(2, 3, two, columns, starts);
  const Network<T> net(3, {{1}}, SquaredError{});
  std::vector<T> out(2);
  CHECK_THROWS_AS(net.predict(large, row_major(out.data(), 2, 1)), BadValueError);
  CHECK_FALSE(net.try_predict(large, row_major(out.data(), 2, 1)));
}

TEST_CASE("sparse rows that do not fit together are refused") {
  const Network<float> net(4, {{1}}, SquaredError{});
  std::vector<float> out(2);
  const std::vector<double> values = {1, 2, 3};
  const std::vector<std::int32_t> columns = {0, 3, 1}, starts = {0, 2, 3};
  const auto predict = [&](const SparseRows& x) { net.predict(x, row_major(out.data(), 2, 1)); };
  const auto of = [&](const std::vector<std::int32_t>& c, const std::vector<std::int32_t>& s) {
    predict(of_arrays(2, 4, values, c, s));
  };
  CHECK_NOTHROW(of(columns, starts));
  CHECK_REFUSED(of({0, 3}, starts), "X: expected 3 column numbers (indices), one for each value, got 2");
  CHECK_REFUSED(of(columns, {0, 3}), "X: expected 3 row starts (indptr), one more than rows, got 2");
  CHECK_REFUSED(of(columns, {1, 2, 3}), "X: row start 0 (indptr): expected 0, got 1");
  CHECK_REFUSED(of(columns, {0, 2, 2}), "X: row start 2 (indptr): expected 3, the number of values, got 2");
  CHECK_REFUSED(of(columns, {0, 4, 3}),
                "X: row start 2 (indptr): expected at least 4, the one before, got 3");
  CHECK_REFUSED(of(columns, {0, -1, 3}),
                "X: row start 1 (indptr): expected at least 0, the one before, got -1");
  CHECK_REFUSED(of({0, 3, 4}, starts), "X: row 1: expected column numbers (indices) in 0..3, got 4");
  CHECK_REFUSED(of({-1, 3, 1}, starts), "X: row 0: expected column numbers (indices) in 0..3, got -1");
  CHECK_REFUSED(predict(of_arrays(2, 3, values, columns, starts)),
                "X: expected 4 columns, one for each input, got shape (2, 3)");
  CHECK_REFUSED(predict(of_arrays(std::size_t{1} << 62, 4, values, columns, starts)),
                "X: expected fewer than 2^32 rows, got 4611686018427387904");
  SparseRows null = of_arrays(2, 4, values, columns, starts);
  null.values.data = nullptr;
  CHECK_REFUSED(predict(null), "X: expected data, got a null pointer");
  CHECK_REFUSED(predict(of_arrays(2, 4, {1, NAN, 3}, columns, starts)),
                "X: row 0, column 3 is nan; every value must be finite in float32");
  CHECK_REFUSED(predict(of_arrays(2, 4, {1, 2, 1e300}, columns, starts)),
                "X: row 1, column 1 is 1e+300; every value must be finite in float32");
}

TEST_CASE("places that change after the checks do no harm") {
  const std::vector<double> values = {1, 2, 3};
  for (const std::vector<std::int32_t>& starts :
       {std::vector<std::int32_t>{0, 9, 3}, {-1, -1, -1}, {3, 2, 1}, {2000000000, 0, 2000000000}}) {
    const std::vector<std::int32_t> columns = {-1, 4, 2000000000};
    const SparseRows x = of_arrays(2, 4, values, columns, starts);
    test::Matrix<float> m(2, 4);
    const std::vector<std::uint32_t> order = {1, 0};
    ask_for_rows(x, order.data(), 2);
    gather_samples<float>(x, m.panels(), order.data(), 0, {0, 2});
    CHECK(m.intact());
    for (std::size_t j = 0; j < 4; ++j) CHECK(m.at(0, j) == 0.0F);
  }
}

TEST_CASE("outputs that share memory with an array of sparse rows are refused") {
  const Network<float> net(1, {{1}}, SquaredError{});
  std::vector<float> values = {1, 2, 0};
  std::vector<std::int32_t> columns = {0, 0, 0}, starts = {0, 1, 2};
  const SparseRows x{2, 1, numbers(row_major(values.data(), 1, 2)),
                     std::span<const std::int32_t>(columns).first(2), starts};
  const char* const message = "out: expected memory apart from the inputs, but it overlaps X";
  CHECK_REFUSED(net.predict(x, row_major(values.data() + 1, 2, 1)), message);
  CHECK_REFUSED(net.predict(x, row_major(reinterpret_cast<float*>(columns.data()), 2, 1)), message);
  CHECK_REFUSED(net.predict(x, row_major(reinterpret_cast<float*>(starts.data()), 2, 1)), message);
}

TEST_CASE("predicting a sparse row, and an epoch on sparse rows, do not allocate") {
  const TwoForms<double, std::int64_t> x(200, 300);
  const TwoForms<float, std::int32_t> one(1, 300);
  Network<float> net(300, {{40, activation<Relu>}, {2}}, SquaredError{});
  std::vector<float> out(2), targets(2 * x.rows, 0.5F);
  const Samples row = one.sparse();
  const std::size_t before = allocations.load();
  CHECK(net.try_predict(row, row_major(out.data(), 1, 2)));
  CHECK(allocations.load() == before);

  const int threads = cpu::num_threads();
  cpu::set_num_threads(1);
  Training<float> training(net, x.sparse(), row_major<const float>(targets.data(), x.rows, 2),
                           {.batch_size = 64});
  training.epoch(Adam{});
  const std::size_t so_far = allocations.load();
  training.epoch(Adam{});
  CHECK(allocations.load() == so_far);
  cpu::set_num_threads(threads);
}

TEST_CASE("a divergence names the likely cause in sparse rows") {
  const std::vector<double> values(20, 1e30);
  std::vector<std::int32_t> columns(20, 1), starts(21);
  for (std::size_t i = 0; i < starts.size(); ++i) starts[i] = static_cast<std::int32_t>(i);
  const SparseRows x = of_arrays(20, 2, values, columns, starts);
  const std::vector<float> y(20, 1);
  Network<float> net(2, {{1}}, SquaredError{});
  CHECK_THROWS_WITH_AS(fit(net, {x, row_major(y.data(), 20, 1)}, SGD{}, {.epochs = 3}),
                       doctest::Contains("the values of column 1 have a mean absolute value of 1e+30"),
                       DivergedError);
}
