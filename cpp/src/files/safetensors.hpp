// The safetensors format: the length of a header as 8 bytes, the header as JSON, then all tensors one after
// the other, little-endian and row-major (https://huggingface.co/docs/safetensors).
#pragma once

#include <string>
#include <vector>

#include "files/file.hpp"

namespace fanin::safetensors {

struct Tensor {
  std::string name, type;  // F32, F64
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // position in the file, set when reading
};

struct Header {
  std::string kind;         // metadata "format": the program that wrote the file
  std::string description;  // metadata "fanin": JSON; its CRC-32 is metadata "crc32"
  std::vector<Tensor> tensors;
};

// Checks, before anything large is allocated, that tensors have the sizes of their shapes and fill the file
// without gaps or overlaps. Throws FormatError.
Header read_header(const Source& source);

// All bytes before the tensors, which follow one after the other in this order
std::string header_text(const std::string& description, const std::vector<Tensor>& tensors);

std::uint64_t size_of_type(const std::string& type);  // 0 for an unknown one

// The checksum of zlib: polynomial 0xEDB88320, bit by bit, because texts are short
std::uint32_t crc32(std::string_view text);

}  // namespace fanin::safetensors
