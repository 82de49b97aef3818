// Tables become coded rows, on any number of threads, and encoders survive a file.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "fanin/fanin.hpp"
#include "files/table_encoder_file.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRows = 3000;

// Numbers with gaps, booleans, dates, and texts of which one is missing
struct SomeTable {
  std::vector<double> numbers, flags, days;
  std::vector<std::string_view> jobs, sides;
  std::vector<std::pair<std::string, std::size_t>> levels{
      {"baker", 0}, {"clerk", 0}, {"judge", 2}, {"smith", 0}};

  SomeTable() {
    for (std::size_t i = 0; i < kRows; ++i) {
      const double u = test::uniform(1, i);
      numbers.push_back(i % 11 == 0 ? kMissing : u / 3);
      flags.push_back(u > 0.2 ? 1 : 0);
      days.push_back(19000 + std::floor(1000 * u) / 8);
      const std::size_t level = i < 2 ? 2 : i % 2 == 0 ? 0 : i % 3 == 0 ? 1 : 3;
      jobs.push_back(i == 7 ? std::string_view() : std::string_view(levels[level].first));
      if (i >= 2 && i != 7) ++levels[level].second;
      sides.push_back(i % 2 == 0 ? "left" : "right");
    }
  }
  Table view() const { return {{"x", "flag", "day", "job", "side"}, {numbers, flags, days, jobs, sides}}; }
  TableEncoder encoder() const {
    PairColumn pair{"x and job", "", {"x", false, {0.0, 0.1}, {}}, {"job", true, {}, {"clerk"}}, {}, {}};
    for (int i = 0; i < 12; ++i) pair.values.push_back(std::sqrt(i));
    pair.code = learn_number_code("pair", numbers, 8);
    return TableEncoder({learn_numbers("x", numbers, 64, true), learn_numbers("flag", flags, 64),
                         learn_dates("day", days, 16), learn_category("job", levels, kRows),
                         learn_category("side", {{"left", kRows / 2}, {"right", kRows / 2}}, kRows), pair,
                         DroppedColumn{"id", "dropped: an id"}});
  }
};

bool same_bits(const CodedTable& a, const CodedTable& b) {
  const auto same = [](const auto& x, const auto& y) {
    return x.size() == y.size() &&
           (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof x[0]) == 0);
  };
  return a.rows == b.rows && same(a.dense, b.dense) && same(a.bins, b.bins) &&
         same(a.fractions, b.fractions) && same(a.centre, b.centre) && a.coded.size() == b.coded.size();
}

}  // namespace

TEST_CASE("a table has the same code on any number of threads") {
  const SomeTable table;
  const TableEncoder encoder = table.encoder();
  cpu::set_num_threads(1);
  const CodedTable alone = encoder.encode(table.view());
  for (const int threads : {2, 3, 7}) {
    cpu::set_num_threads(threads);
    CHECK(same_bits(encoder.encode(table.view()), alone));
  }
  cpu::set_num_threads(1);
}

TEST_CASE("an encoder survives a file to the last bit") {
  const SomeTable table;
  const TableEncoder encoder = table.encoder();
  json::Writer out;
  std::vector<double> numbers;
  write_encoder(out, numbers, encoder);
  const json::Document document("encoder", out.text());
  CHECK(count_encoder_numbers(document.root()) == numbers.size());
  const TableEncoder read = read_encoder(document.root(), numbers);
  CHECK(same_bits(read.encode(table.view()), encoder.encode(table.view())));

  json::Writer again;
  std::vector<double> numbers_again;
  write_encoder(again, numbers_again, read);
  CHECK(again.text() == out.text());
  CHECK(numbers_again == numbers);

  numbers.pop_back();
  CHECK_THROWS_AS(read_encoder(document.root(), numbers), ValueError);
  numbers.resize(numbers.size() + 2, kMissing);
  CHECK_THROWS_AS(read_encoder(document.root(), numbers), ValueError);
}

TEST_CASE("the code of a number is as its definition says") {
  const std::vector<double> values = {0, 1, 2, 4, kMissing};
  const TableEncoder encoder({learn_numbers("x", values, 2)});
  const auto& code = std::get<NumberColumn>(encoder.columns()[0]).code;
  CHECK(code.median == 1.5);
  CHECK(code.scale == 1.75);
  CHECK(code.missing == 0.2);
  CHECK(code.knots == std::vector<double>{0, 1.5, 4});
  const std::vector<double> rows = {-9, 0.75, 1.5, 4, 99, kMissing};
  const CodedTable coded = encoder.encode({{"x"}, {rows}});
  CHECK(coded.bins == std::vector<std::uint16_t>{0, 0, 1, 1, 1, 1});
  CHECK(coded.fractions == std::vector<float>{0, 0.5F, 0, 1, 1, 0});
  CHECK(coded.dense[11] == 0.8F);
  CHECK(coded.dense[1] == -0.2F);
}

TEST_CASE("levels are found by their text, and unseen ones are in no column") {
  const TableEncoder encoder({learn_category("job", {{"a", 60}, {"b", 30}, {"rare", 1}, {"c", 9}}, 100, 2)});
  const std::vector<std::string_view> rows = {"a", "b", "c", "rare", "new", {}, ""};
  CHECK(encoder.encode({{"job"}, {rows}}).bins == std::vector<std::uint16_t>{0, 1, 2, 3, 4, 4, 4});
}

TEST_CASE("a table that the encoder cannot read is refused with the name of the column") {
  const SomeTable table;
  const TableEncoder encoder = table.encoder();
  const auto message = [&](const Table& of) {
    try {
      encoder.encode(of);
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Table of = table.view();
  of.names[3] = "trade";
  CHECK(message(of) == "X: missing column \"job\"");
  of = table.view();
  of.columns[0] = of.columns[3];
  CHECK(message(of) == "X: column \"x\": expected numbers, as in training, got text");
  of = table.view();
  of.columns[4] = of.columns[0];
  CHECK(message(of) == "X: column \"side\": expected text, as in training, got numbers");
  std::vector<double> other = table.flags;
  other[3] = std::numeric_limits<double>::infinity();
  of = table.view();
  of.columns[1] = std::span<const double>(other);
  CHECK(message(of) == "X: row 3, column \"flag\" is infinite");
  of.columns[1] = std::span<const double>(other).first(2);
  CHECK(message(of) == "X: column \"flag\": expected 3000 rows, got 2");
  other[3] = 1e9;
  of = table.view();
  of.columns[2] = std::span<const double>(other);
  CHECK(message(of) == "X: row 3, column \"day\" is not a date: expected days since 1970");
}

TEST_CASE("columns that contradict themselves are refused") {
  const std::vector<double> values = {0, 1, 2, 4};
  const auto column = std::get<NumberColumn>(learn_numbers("x", values, 2));
  const auto refused = [&](auto&& change) {
    NumberColumn other = column;
    change(other.code);
    CHECK_THROWS_AS(TableEncoder({other}), ValueError);
  };
  refused([](NumberCode& code) { code.scale = 0; });
  refused([](NumberCode& code) { code.median = kMissing; });
  refused([](NumberCode& code) { code.knots = {0, 0, 4}; });
  refused([](NumberCode& code) { code.centre.pop_back(); });
  refused([](NumberCode& code) { code.missing = 2; });
  CHECK_THROWS_AS(TableEncoder({column, column}), ValueError);
  CHECK_THROWS_AS(TableEncoder({}), ValueError);
}
