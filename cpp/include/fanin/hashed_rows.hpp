// Text as sparse rows: each word, or n-gram, counts in the column that its hash gives. No vocabulary is
// learned, and columns and signs are those of scikit-learn's HashingVectorizer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/views.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// MurmurHash3_x86_32 of Austin Appleby (public domain)
std::uint32_t murmur_hash3(std::string_view bytes, std::uint32_t seed = 0);

// The parts of a text that n-grams consist of.
//   words:               runs of two or more word characters; n-grams of words are joined by one space
//   characters:          characters; two or more spaces in a row count as one
//   characters_of_words: the characters of each run without spaces, with a space added at either end; a run
//                        shorter than all n-grams counts as a whole
enum class TextUnit { words, characters, characters_of_words };
enum class RowNorm { none, l1, l2 };

// Letters, digits and "_" of ASCII, and all characters beyond it
bool is_word_character(char32_t character);
// The white space of ASCII
bool is_space(char32_t character);

struct TextHashing {
  static constexpr std::size_t kMostColumns = 2147483647;  // 2^31 - 1

  TextUnit unit = TextUnit::words;
  std::size_t columns = std::size_t{1} << 20;
  std::size_t shortest = 1, longest = 1;  // n-grams: numbers of parts
  RowNorm norm = RowNorm::l2;             // divides each row; rows of 0 stay so
  bool binary = false;                    // every value is 1, before division by the norm
  bool alternate_sign = true;  // half of the n-grams count -1, so that those in one column cancel on average
  // Which characters form words, and which are spaces. Python's bindings have Unicode's tables.
  bool (*in_word)(char32_t) = &is_word_character;
  bool (*space)(char32_t) = &is_space;
};

// Rows to which texts are added one by one. With h the hash of an n-gram's UTF-8 bytes as a signed integer,
// its column is |h| mod columns and its sign that of h (+1 for 0). Columns of a row ascend without
// repetition; n-grams that cancel leave a stored 0.
template <class T>
class HashedRows {
 public:
  // Throws ValueError unless columns and n-grams are in range.
  explicit HashedRows(const TextHashing& options = {});

  // A row for a text in UTF-8, as it is: lower its letters first if case should not matter.
  void add(std::string_view text);
  // A row for the words of a text, as the caller has found them; options.unit is ignored.
  void add_words(std::span<const std::string_view> words);

  // Of all rows; valid until the next is added
  SparseRows view() const;
  const std::vector<T>& values() const { return values_; }
  const std::vector<std::int32_t>& column_numbers() const { return column_numbers_; }
  const std::vector<std::int64_t>& row_starts() const { return row_starts_; }

 private:
  struct Kind {
    bool in_word, space;
  };
  struct Character {
    std::size_t end;  // its last byte is before this place of the text
    Kind kind;
  };
  Kind kind_of(char32_t code) const { return {options_.in_word(code), options_.space(code)}; }
  Character at(std::string_view text, std::size_t place) const;
  Character beyond_table(std::string_view text, std::size_t place) const;
  void begin_parts();
  void end_part();
  void split_words(std::string_view text);
  void split_characters(std::string_view text);
  void count_characters_of_words(std::string_view text);
  void count(std::size_t part, std::size_t n, std::size_t gap);
  void count_all(std::size_t gap);
  void end_row();

  TextHashing options_;
  std::array<Kind, 2048> kinds_ = {};  // of the characters of one and two bytes
  std::string text_;                   // parts of the text, one after the other
  std::vector<std::size_t> starts_;    // where each begins in it, and the end
  std::vector<std::uint32_t> keys_;    // of the n-grams of a row: twice the column, plus 1 if the sign is -1
  std::vector<std::uint32_t> sorted_;
  std::vector<T> values_;
  std::vector<std::int32_t> column_numbers_;
  std::vector<std::int64_t> row_starts_ = {0};
};

extern template class HashedRows<float>;
extern template class HashedRows<double>;

}  // namespace fanin

#pragma GCC visibility pop
