// Arbitrary text as the description of a model, which a checksum protects from damage but not from malice:
// the result is a description whose text reads back the same, or ValueError. A file with this description and
// without any tensors is a FormatError.
#include <cstdint>
#include <cstdlib>

#include "fanin/fanin.hpp"
#include "files/description.hpp"
#include "files/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fanin;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const std::string again = description_text(read_description(text));
    if (description_text(read_description(again)) != again) std::abort();
    const std::string file = safetensors::header_text(text, {});
    from_bytes(std::as_bytes(std::span(file)));
    std::abort();
  } catch (const ValueError&) {
  }
  return 0;
}
