#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "base/registry.hpp"
#include "data/gather.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::Matrix;

TEST_CASE_TEMPLATE("rows of any strides and either type are gathered into panels in order", T, float,
                   double) {
  const std::vector<std::uint32_t> order = {4, 0, 3, 3, 1, 2};
  for (const std::size_t columns : {1u, 4u, 15u, 16u, 17u, 31u, 32u, 33u, 70u}) {
    const std::size_t rows = 6;
    std::vector<double> doubles(rows * columns * 2);
    for (std::size_t i = 0; i < doubles.size(); ++i) doubles[i] = test::uniform(1, i);
    const std::vector<float> floats(doubles.begin(), doubles.end());
    const auto check = [&](auto gather, const auto* data, std::ptrdiff_t row, std::ptrdiff_t column) {
      using S = std::remove_cvref_t<decltype(*data)>;
      Matrix<T> m(rows - 1, columns);
      m.poison();
      gather(Gather<T, S>{m.panels(), data, row, column, order.data(), 1}, Range{0, rows - 1});
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < rows - 1; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
          const auto place =
              static_cast<std::ptrdiff_t>(order[i + 1]) * row + static_cast<std::ptrdiff_t>(j) * column;
          wrong += m.at(i, j) != static_cast<T>(data[place]);
        }
      }
      CHECK(wrong == 0);
      CHECK(m.intact());
    };
    const auto n = static_cast<std::ptrdiff_t>(columns), m = static_cast<std::ptrdiff_t>(rows);
    for (const auto& [row, column] :
         {std::pair{n, std::ptrdiff_t{1}}, {std::ptrdiff_t{1}, m}, {2 * n, std::ptrdiff_t{2}}}) {
      check(kernels<T>().gather_float, floats.data(), row, column);
      check(kernels<T>().gather_double, doubles.data(), row, column);
    }
    check(kernels<T>().gather_float, floats.data() + (rows - 1) * columns, -n, std::ptrdiff_t{1});
  }
}

TEST_CASE_TEMPLATE("numbers of every C++ type are converted like a cast", T, float, double) {
  const std::vector<std::uint32_t> order = {4, 0, 3, 3, 1, 2};
  const std::size_t rows = order.size();
  for (const std::size_t columns : {1u, 16u, 33u, 511u, 513u, 1100u}) {
    const auto check = [&]<class S>(S) {
      const auto data = std::make_unique<S[]>(rows * columns);
      for (std::size_t i = 0; i < rows * columns; ++i) {
        data[i] = static_cast<S>(std::uint64_t{0x9E3779B97F4A7C15} * (i + 1));
      }
      Matrix<T> m(rows - 1, columns);
      m.poison();
      const NumberMatrix from = numbers(row_major(data.get(), rows, columns));
      gather_samples<T>(from, m.panels(), order.data(), 1, {0, 2});
      gather_samples<T>(from, m.panels(), order.data(), 1, {2, rows - 1});
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < rows - 1; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
          wrong += m.at(i, j) != static_cast<T>(data[order[i + 1] * columns + j]);
        }
      }
      CHECK(wrong == 0);
      CHECK(m.intact());
    };
    check(bool{});
    check(std::int8_t{}), check(std::int16_t{}), check(std::int32_t{}), check(std::int64_t{});
    check(std::uint8_t{}), check(std::uint16_t{}), check(std::uint32_t{}), check(std::uint64_t{});
    check(float{}), check(double{});
    check(static_cast<long double>(0));
  }
}

TEST_CASE_TEMPLATE("the first value beyond a limit is found wherever it is", T, float, double) {
  const T limit = std::numeric_limits<T>::max();
  for (const std::size_t n : {1u, 3u, 16u, 33u, 1024u, 2500u}) {
    std::vector<T> values(n, limit);
    CHECK(kernels<T>().find_beyond(values.data(), n, limit) == n);
    for (const T bad : {static_cast<T>(NAN), static_cast<T>(INFINITY), static_cast<T>(-INFINITY)}) {
      for (const std::size_t place : {std::size_t{0}, n / 2, n - 1}) {
        std::vector<T> spoiled = values;
        spoiled[place] = bad;
        spoiled[n - 1] = bad;
        CHECK(kernels<T>().find_beyond(spoiled.data(), n, limit) == place);
      }
    }
    CHECK(kernels<T>().find_beyond(values.data(), n, limit / 2) == 0);
  }
}

TEST_CASE_TEMPLATE("a sum adds panels in order, then folds lanes in halves", T, float, double) {
  for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 32u, 33u, 100u, 1000u}) {
    std::vector<T> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<T>(test::uniform(2, i));
    std::vector<T> lane(kPanel<T>, T{0});
    for (std::size_t i = 0; i < n; ++i) lane[i % kPanel<T>] += values[i];
    for (std::size_t half = kPanel<T> / 2; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i) lane[i] += lane[i + half];
    }
    CHECK(kernels<T>().sum(values.data(), n) == lane[0]);
  }
}
