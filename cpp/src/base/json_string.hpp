// Strings of JSON: where one ends, and what it says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanin::json {

struct StringEnd {
  std::size_t at;       // of the closing quote, or of the mistake
  bool escaped;         // whether there is a backslash
  const char* mistake;  // null where there is none
};

// of the string whose first character, after the quote, is at `at`
StringEnd find_end_of_string(std::string_view text, std::size_t at);

// What the text between the quotes of a valid string says, in UTF-8
std::string unescape(std::string_view text);

// At most 60 bytes of a text, whole characters, for a sentence
std::string shortened(std::string_view text);

// Length of the valid UTF-8 sequence that begins at `at`, or 0
std::size_t length_of_character(std::string_view text, std::size_t at);

}  // namespace fanin::json
