#include "network/metadata.hpp"

#include "base/json_string.hpp"
#include "fanin/error.hpp"

namespace fanin {

void check_metadata(const std::map<std::string, std::string>& metadata) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : metadata) {
    for (const std::string* text : {&key, &value}) {
      bytes += text->size();
      for (std::size_t i = 0, length = 0; i < text->size(); i += length) {
        length = json::length_of_character(*text, i);
        if (length > 0) continue;
        throw ValueError("metadata: expected text in UTF-8, got byte " + std::to_string(i) + " of " +
                         (text == &key ? "a name" : "\"" + json::shortened(key) + "\""));
      }
    }
  }
  constexpr std::size_t most = std::size_t{1} << 20;  // a file's header has room for that and the model
  if (bytes > most) {
    throw ValueError("metadata: expected at most 1 MiB of text, got " + std::to_string(bytes) + " bytes");
  }
}

}  // namespace fanin
