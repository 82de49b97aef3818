// Rows of hashed words have the columns, signs and values that their definition gives.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>

#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

using Row = std::map<std::int64_t, double>;  // values by column

// The same by the definition, from the n-grams of a text
Row row_of(const std::vector<std::string>& ngrams, std::size_t columns) {
  Row row;
  for (const std::string& ngram : ngrams) {
    const auto hash = static_cast<std::int64_t>(static_cast<std::int32_t>(murmur_hash3(ngram)));
    row[std::abs(hash) % static_cast<std::int64_t>(columns)] += hash >= 0 ? 1 : -1;
  }
  return row;
}

template <class T>
Row row_in(const HashedRows<T>& rows, std::size_t i) {
  Row row;
  std::int64_t last = -1;
  for (auto k = static_cast<std::size_t>(rows.row_starts()[i]);
       k < static_cast<std::size_t>(rows.row_starts()[i + 1]); ++k) {
    CHECK(rows.column_numbers()[k] > last);
    last = rows.column_numbers()[k];
    row[last] = static_cast<double>(rows.values()[k]);
  }
  return row;
}

Row counted(std::string_view text, TextHashing options) {
  options.norm = RowNorm::none;
  HashedRows<double> rows(options);
  rows.add(text);
  return row_in(rows, 0);
}

}  // namespace

TEST_CASE("hashes are those of the published test vectors") {
  CHECK(murmur_hash3("") == 0);
  CHECK(murmur_hash3("", 1) == 0x514E28B7u);
  CHECK(murmur_hash3("", 0xFFFFFFFFu) == 0x81F16F39u);
  CHECK(murmur_hash3("test") == 0xBA6BD213u);
  CHECK(murmur_hash3("test", 0x9747B28Cu) == 0x704B81DCu);
  CHECK(murmur_hash3("Hello, world!") == 0xC0363E43u);
  CHECK(murmur_hash3("Hello, world!", 0x9747B28Cu) == 0x24884CBAu);
  CHECK(murmur_hash3("The quick brown fox jumps over the lazy dog") == 0x2E4FF723u);
  CHECK(murmur_hash3("aaa", 0x9747B28Cu) == 0x283E0130u);
  CHECK(murmur_hash3("aa", 0x9747B28Cu) == 0x5D211726u);
  CHECK(murmur_hash3("a", 0x9747B28Cu) == 0x7FA09EA6u);
  CHECK(murmur_hash3(std::string_view("\xFF\xFF\xFF\xFF", 4)) == 0x76293B50u);
  CHECK(murmur_hash3(std::string_view("\0\0\0\0", 4)) == 0x2362F9DEu);
}

TEST_CASE("a text is the sum of its n-grams") {
  for (const std::size_t columns : {1u, 7u, 256u, 1u << 20, 2147483647u}) {
    TextHashing options{.columns = columns, .shortest = 1, .longest = 2};
    CHECK(counted("ab a_1, x ab\tcd", options) ==
          row_of({"ab", "a_1", "ab", "cd", "ab a_1", "a_1 ab", "ab cd"}, columns));
    CHECK(counted("na\xC3\xAFve", options) == row_of({"na\xC3\xAFve"}, columns));
    options.unit = TextUnit::characters;
    CHECK(counted("a \t\n\xC3\xAF ", options) ==
          row_of({"a", " ", "\xC3\xAF", " ", "a ", " \xC3\xAF", "\xC3\xAF "}, columns));
    options.unit = TextUnit::characters_of_words;
    options.shortest = options.longest = 4;
    CHECK(counted("  a bcd\xC3\xAF", options) ==
          row_of({" a ", " bcd", "bcd\xC3\xAF", "cd\xC3\xAF "}, columns));
  }
  CHECK(counted("", {}).empty());
}

TEST_CASE("the lowest of all hashes is negative and has a column") {
  CHECK(murmur_hash3("akqlrggi") == 0x80000000u);
  CHECK(counted("akqlrggi", {.columns = 1000}) == Row{{648, -1}});  // 2^31 mod 1000
}

TEST_CASE("a long text is the sum of its words") {
  std::string text;
  std::vector<std::string> words;
  for (int i = 0; i < 3000; ++i) {
    words.push_back("w" + std::to_string(i * i % 1009));
    text += words.back() + " ";
  }
  for (const std::size_t columns : {97u, 1u << 20, 2147483647u}) {
    CHECK(counted(text, {.columns = columns}) == row_of(words, columns));
  }
}

TEST_CASE("words that the caller has found give the row of their text") {
  const std::vector<std::string_view> words = {"ab", "x y", ""};
  HashedRows<double> rows({.columns = 1u << 20, .shortest = 1, .longest = 2, .norm = RowNorm::none});
  rows.add_words(words);
  rows.add_words({});
  CHECK(row_in(rows, 0) == row_of({"ab", "x y", "", "ab x y", "x y "}, 1u << 20));
  CHECK(row_in(rows, 1).empty());
}

TEST_CASE_TEMPLATE("rows are divided by their norm, unless they are 0", T, float, double) {
  const auto first_value = [](RowNorm norm, bool binary) {
    HashedRows<T> rows({.columns = 1, .norm = norm, .binary = binary, .alternate_sign = false});
    rows.add("one two three");
    return rows.values().at(0);
  };
  CHECK(first_value(RowNorm::none, false) == T{3});
  CHECK(first_value(RowNorm::none, true) == T{1});
  CHECK(first_value(RowNorm::l1, false) == T{1});
  CHECK(first_value(RowNorm::l2, false) == T{1});
  HashedRows<T> rows;
  rows.add("one one two");
  const T two = static_cast<T>(2 / std::sqrt(5.0)), one = static_cast<T>(1 / std::sqrt(5.0));
  const std::vector<T>& values = rows.values();
  CHECK(std::abs(values.at(0)) + std::abs(values.at(1)) == doctest::Approx(two + one));
  HashedRows<T> cancelled({.columns = 1});
  cancelled.add("test hello");  // hashes of either sign
  CHECK(cancelled.values() == std::vector<T>{0});
}

TEST_CASE("a network reads rows of texts") {
  HashedRows<float> rows({.columns = 64});
  for (const char* text : {"a good film", "", "not a good film at all"}) rows.add(text);
  const SparseRows view = rows.view();
  CHECK(view.rows == 3);
  CHECK(view.columns == 64);
  const Network<float> net(64, {{2}}, SquaredError{});
  std::vector<float> out(6);
  net.predict(view, row_major(out.data(), 3, 2));
  CHECK(out[0] != out[4]);
}

TEST_CASE("bytes that are no UTF-8 are hashed without reading beyond the text") {
  for (const TextUnit unit : {TextUnit::words, TextUnit::characters, TextUnit::characters_of_words}) {
    HashedRows<float> rows({.unit = unit, .shortest = 1, .longest = 3});
    for (const std::string_view text : {"\xF0", "ab\xE2\x82", "\x80\xC3 \xFF\xF8"}) {
      const std::vector<char> exact(text.begin(), text.end());  // what lies behind it is not part of it
      rows.add({exact.data(), exact.size()});
    }
    CHECK(rows.row_starts().size() == 4);
  }
}

TEST_CASE("columns and n-grams out of range are refused") {
  const auto made = [](const TextHashing& options) { HashedRows<float> rows(options); };
  CHECK_THROWS_WITH_AS(made({.columns = 0}), "columns: expected a number in 1..2147483647, got 0",
                       ValueError);
  CHECK_THROWS_AS(made({.columns = std::size_t{1} << 31}), ValueError);
  CHECK_THROWS_WITH_AS(made({.shortest = 2, .longest = 1}),
                       "n-grams: expected 1 <= shortest <= longest, got 2 and 1", ValueError);
  CHECK_THROWS_AS(made({.shortest = 0, .longest = 1}), ValueError);
}
