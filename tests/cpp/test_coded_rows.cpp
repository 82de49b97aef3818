// Coded rows give what their columns give; whatever becomes of their memory, nothing else is touched.
#include <doctest/doctest.h>

#include <tuple>

#include "allocations.hpp"
#include "data/gather.hpp"
#include "fanin/fanin.hpp"
#include "plan/coded_input.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::allocations;

namespace {

CodedTable table_of(std::size_t rows, std::size_t dense_columns, const std::vector<CodedColumn>& coded) {
  CodedTable table;
  table.rows = rows;
  table.dense_columns = dense_columns;
  table.coded = coded;
  for (std::size_t i = 0; i < rows * dense_columns; ++i) {
    table.dense.push_back(static_cast<float>(test::uniform(1, i)));
  }
  for (std::size_t i = 0; i < rows * coded.size(); ++i) {
    const CodedColumn& column = coded[i % coded.size()];
    const double u = (test::uniform(2, i) + 1) / 2;
    table.bins.push_back(static_cast<std::uint16_t>(u * static_cast<double>(last_bin(column) + 1)));
    table.fractions.push_back(static_cast<float>((test::uniform(3, i) + 1) / 2));
  }
  for (std::size_t c = 0; c < coded.size(); ++c) {
    for (std::size_t t = 0; t < coded[c].size; ++t) {
      table.centre.push_back(static_cast<float>(test::uniform(4, 1000 * c + t)));
    }
  }
  return table;
}

const std::vector<CodedColumn> kColumns = {
    {Coding::piecewise, 9}, {Coding::level, 3}, {Coding::piecewise, 65}, {Coding::level, 128}};

template <class T>
std::vector<T> dense_of(const CodedTable& table) {
  const CodedRows rows = table.view();
  std::vector<T> x(rows.rows * rows.columns);
  to_dense(rows, row_major(x.data(), rows.rows, rows.columns));
  return x;
}

}  // namespace

TEST_CASE_TEMPLATE("coded rows are gathered like their columns, in any order", T, float, double) {
  const CodedTable table = table_of(40, 5, kColumns);
  const std::vector<T> x = dense_of<T>(table);
  const CodedRows rows = table.view();
  const std::vector<std::uint32_t> order = {4, 0, 39, 3, 3, 17};
  test::Matrix<T> of_codes(5, rows.columns), of_dense(5, rows.columns);
  of_codes.poison();
  gather_samples<T>(rows, of_codes.panels(), order.data(), 1, {0, 2});
  gather_samples<T>(rows, of_codes.panels(), order.data(), 1, {2, 5});
  gather_samples<T>(row_major(x.data(), rows.rows, rows.columns), of_dense.panels(), order.data(), 1, {0, 5});
  CHECK(of_codes.intact());
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < rows.columns; ++j) CHECK(of_codes.at(i, j) == of_dense.at(i, j));
  }
  std::vector<double> one(rows.columns);
  convert_values(one.data(), rows, 39, {0, rows.columns});
  const std::vector<double> exact = dense_of<double>(table);
  for (std::size_t j = 0; j < rows.columns; ++j) CHECK(one[j] == exact[39 * rows.columns + j]);
}

TEST_CASE_TEMPLATE("the rows of a batch are sorted by bin, earlier ones first", T, float, double) {
  const CodedTable table = table_of(50, 0, kColumns);
  const CodedInput<T> input(table.view(), 32);
  std::vector<std::uint32_t> order(50);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(49 - i);
  const Batch batch{0, 3, 31, 0, true};
  input.gather(table.view(), order.data(), batch, {0, 31});
  input.sort(batch, {0, kColumns.size()});
  const CodedBatch<T> of_batch = input.of(batch);
  for (std::size_t c = 0; c < kColumns.size(); ++c) {
    const std::uint32_t* const starts = input.starts() + input.places()[c].table + c;
    CHECK(starts[0] == 0);
    CHECK(starts[kColumns[c].size + 1] == 31);
    for (std::size_t t = 0; t <= kColumns[c].size; ++t) {
      for (std::size_t i = starts[t]; i < starts[t + 1]; ++i) {
        const std::size_t row = input.sorted_rows()[c * 32 + i];
        CHECK(of_batch.bins[c * 32 + row] == t);
        CHECK(input.sorted_fractions()[c * 32 + i] == of_batch.fractions[c * 32 + row]);
        if (i > starts[t]) CHECK(row > input.sorted_rows()[c * 32 + i - 1]);
      }
    }
  }
}

TEST_CASE("a small net learns from integers what it learns from their columns, exactly") {
  // all codes, weights and gradients are small multiples of powers of 2, so that no sum is rounded
  CodedTable table = table_of(64, 2, kColumns);
  for (float& x : table.dense) x = x > 0 ? 1.0F : -2.0F;
  for (float& x : table.fractions) x = x > 0.5F ? 0.5F : 0.25F;
  for (float& x : table.centre) x = x > 0 ? 0.5F : 0.0F;
  const std::vector<double> x = dense_of<double>(table);
  const CodedRows rows = table.view();
  std::vector<double> y(2 * rows.rows);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<double>(i % 5);
  const auto weights_after = [&](const Samples& samples) {
    Network<double> net(rows.columns, {{2}}, SquaredError{}, 1);
    for (const ArrayShape& array : net.arrays()) {
      const std::vector<double> all(array.rows * array.columns, 0.25);
      net.set_array(array.name, all);
    }
    fit(net, {samples, row_major<const double>(y.data(), rows.rows, 2)}, SGD{0.5},
        {.epochs = 1, .batch_size = 32});
    return net.to_bytes();
  };
  CHECK(weights_after(rows) == weights_after(row_major<const double>(x.data(), rows.rows, rows.columns)));
}

TEST_CASE("bins that change after the checks do no harm") {
  CodedTable table = table_of(20, 1, kColumns);
  const std::vector<float> y(20, 0.5F);
  Network<float> net(table.view().columns, {{5, Relu{}}, {1}}, SquaredError{});
  Training<float> training(net, table.view(), row_major(y.data(), 20, 1), {.batch_size = 7});
  std::fill(table.bins.begin(), table.bins.end(), std::uint16_t{65535});
  CHECK(std::isfinite(training.epoch(Adam{}).loss));
}

TEST_CASE("an epoch on coded rows does not allocate") {
  const CodedTable table = table_of(200, 3, kColumns);
  const std::vector<float> y(200, 0.5F);
  const int threads = cpu::num_threads();
  cpu::set_num_threads(1);
  Network<float> net(table.view().columns, {{40, Relu{}}, {1}}, SquaredError{});
  Training<float> training(net, table.view(), row_major(y.data(), 200, 1), {.batch_size = 64});
  training.epoch(Adam{});
  const std::size_t so_far = allocations.load();
  training.epoch(Adam{});
  CHECK(allocations.load() == so_far);
  cpu::set_num_threads(threads);
}

TEST_CASE("coded rows whose arrays do not fit are refused") {
  const Network<float> net(table_of(1, 2, kColumns).view().columns, {{1}}, SquaredError{});
  std::vector<float> out(20);
  const auto predict = [&](const CodedTable& table) {
    net.predict(table.view(), row_major(out.data(), table.rows, 1));
  };
  const auto refuses = [&](auto&& change, const char* message) {
    CodedTable table = table_of(20, 2, kColumns);
    change(table);
    CHECK_THROWS_WITH_AS(predict(table), doctest::Contains(message), ValueError);
  };
  CHECK_NOTHROW(predict(table_of(20, 2, kColumns)));
  refuses([](CodedTable& t) { t.bins.pop_back(); }, "bins: expected 80 elements");
  refuses([](CodedTable& t) { t.dense.push_back(0); }, "dense: expected 40 elements");
  refuses([](CodedTable& t) { t.bins[0] = 9; }, "row 0, coded column 0: expected a bin in 0..8, got 9");
  refuses([](CodedTable& t) { t.fractions[8] = 2; }, "row 2, coded column 0: expected a fraction in [0, 1]");
  refuses([](CodedTable& t) { t.dense[3] = NAN; }, "X: row 1, column 1 is nan");
  std::vector<float> x = table_of(20, 2, kColumns).dense;
  const CodedTable table = table_of(20, 2, kColumns);
  CodedRows rows = table.view();
  rows.dense = x;
  CHECK_THROWS_WITH_AS(net.predict(rows, row_major(x.data(), 20, 1)),
                       doctest::Contains("expected memory apart from the inputs"), ValueError);
}
