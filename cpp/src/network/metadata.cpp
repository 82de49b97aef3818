#include "network/metadata.hpp"

#include <set>

#include "base/json_string.hpp"
#include "fanin/error.hpp"

namespace fanin {
namespace {

void check_text(const std::string& text, const std::string& what, const std::string& which) {
  for (std::size_t i = 0, length = 0; i < text.size(); i += length) {
    length = json::length_of_character(text, i);
    if (length > 0) continue;
    throw ValueError(what + ": expected text in UTF-8, got byte " + std::to_string(i) + " of " + which);
  }
}

// In MiB: a file's header has room for both and the model.
constexpr std::size_t kMebibyte = std::size_t{1} << 20, kMostMetadata = 1, kMostNames = 6;

void check_size(std::size_t bytes, std::size_t most, const std::string& what) {
  if (bytes <= most * kMebibyte) return;
  throw ValueError(what + ": expected at most " + std::to_string(most) + " MiB of text, got " +
                   std::to_string(bytes) + " bytes");
}

// An upper bound: the text may be a JSON string inside a JSON string
std::size_t size_in_header(const std::string& text) {
  std::size_t bytes = 5;  // quotes and a comma
  for (const char c : text) bytes += c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' ? 7 : 1;
  return bytes;
}

}  // namespace

void check_metadata(const std::map<std::string, std::string>& metadata) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : metadata) {
    check_text(key, "metadata", "a name");
    check_text(value, "metadata", "\"" + json::shortened(key) + "\"");
    bytes += key.size() + value.size();
  }
  check_size(bytes, kMostMetadata, "metadata");
}

void check_column_names(const ColumnNames& names, std::size_t inputs, std::size_t outputs) {
  std::size_t bytes = 0;
  for (const auto& [argument, columns] : names) {
    if (argument != "X" && argument != "y") {
      throw ValueError("columns: expected names for X and y, got \"" + json::shortened(argument) + "\"");
    }
    const std::string what = "columns: " + argument;
    const std::size_t count = argument == "X" ? inputs : outputs;
    if (columns.size() != count) {
      throw ValueError(what + ": expected " + std::to_string(count) + " names, got " +
                       std::to_string(columns.size()));
    }
    std::set<std::string_view> different;
    for (const std::string& name : columns) {
      check_text(name, what, "a name");
      bytes += size_in_header(name);
      if (different.insert(name).second) continue;
      throw ValueError(what + ": \"" + json::shortened(name) + "\" occurs twice; expected distinct names");
    }
  }
  check_size(bytes, kMostNames, "columns");
}

}  // namespace fanin
