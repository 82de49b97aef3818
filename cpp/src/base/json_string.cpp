#include "base/json_string.hpp"

namespace fanin::json {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
}

// The value of the 4 hexadecimal digits at `at`, or -1
int code_unit(std::string_view text, std::size_t at) {
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int c = static_cast<int>(byte_at(text, i));
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = 16 * value + digit;
  }
  return value;
}

bool is_high(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The length of the valid escape sequence whose backslash is at `at`, or 0
std::size_t length_of_escape(std::string_view text, std::size_t at) {
  const unsigned kind = byte_at(text, at + 1);
  if (kind != 'u')
    return kind != 0 && std::string_view("\"\\/bfnrt").find(static_cast<char>(kind)) != std::string_view::npos
               ? 2
               : 0;
  const int unit = code_unit(text, at + 2);
  if (unit < 0 || is_low(unit)) return 0;
  if (!is_high(unit)) return 6;
  const bool pair =
      byte_at(text, at + 6) == '\\' && byte_at(text, at + 7) == 'u' && is_low(code_unit(text, at + 8));
  return pair ? 12 : 0;
}

void append(std::string& out, unsigned point) {
  const auto byte = [&](unsigned value) { out.push_back(static_cast<char>(value)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      byte(0xE0 | point >> 12);
    } else {
      byte(0xF0 | point >> 18);
      byte(0x80 | (point >> 12 & 0x3F));
    }
    byte(0x80 | (point >> 6 & 0x3F));
  }
  byte(0x80 | (point & 0x3F));
}

}  // namespace

// Unicode 15, table 3-7: well-formed sequences of UTF-8
std::size_t length_of_character(std::string_view text, std::size_t at) {
  const unsigned first = byte_at(text, at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  const unsigned second = byte_at(text, at + 1);
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (length == 0 || second < low || second > high) return 0;
  for (std::size_t i = at + 2; i < at + length; ++i) {
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

std::string shortened(std::string_view text) {
  if (text.size() <= 60) return std::string(text);
  std::size_t end = 60;
  while (end > 0 && (byte_at(text, end) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

StringEnd find_end_of_string(std::string_view text, std::size_t at) {
  bool escaped = false;
  while (at < text.size() && text[at] != '"') {
    std::size_t length = 0;
    if (text[at] == '\\') {
      escaped = true;
      length = length_of_escape(text, at);
      if (length == 0) return {at, escaped, "unknown escape sequence"};
    } else {
      if (byte_at(text, at) < 0x20) return {at, escaped, "control character in a string"};
      length = length_of_character(text, at);
      if (length == 0) return {at, escaped, "invalid UTF-8"};
    }
    at += length;
  }
  return {at, escaped, at < text.size() ? nullptr : "unterminated string"};
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      out.push_back(text[at++]);
      continue;
    }
    const std::size_t length = length_of_escape(text, at);
    if (length == 2) {
      constexpr std::string_view names = "bfnrt", characters = "\b\f\n\r\t";
      const std::size_t place = names.find(text[at + 1]);
      out.push_back(place == std::string_view::npos ? text[at + 1] : characters[place]);
    } else {
      auto point = static_cast<unsigned>(code_unit(text, at + 2));
      if (length == 12) {
        point = 0x10000 + ((point & 0x3FF) << 10) + (static_cast<unsigned>(code_unit(text, at + 8)) & 0x3FF);
      }
      append(out, point);
    }
    at += length;
  }
  return out;
}

}  // namespace fanin::json
