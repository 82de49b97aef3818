// JSON strings: finding the end, and decoding.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanin::json {

struct StringEnd {
  std::size_t at;       // position of the closing quote, or of the mistake
  bool escaped;         // whether the string contains a backslash
  const char* mistake;  // null if the string is valid
};

// The end of the string whose first character, after the quote, is at `at`
StringEnd find_end_of_string(std::string_view text, std::size_t at);

// Decodes the text between the quotes of a valid string, as UTF-8
std::string unescape(std::string_view text);

// At most 60 bytes of a text, in whole characters, for a message
std::string shortened(std::string_view text);

// The length of the valid UTF-8 sequence at `at`, or 0
std::size_t length_of_character(std::string_view text, std::size_t at);

}  // namespace fanin::json
