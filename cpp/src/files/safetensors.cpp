#include "files/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "fanin/error.hpp"
#include "files/json.hpp"

namespace fanin::safetensors {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors in a file are little-endian");

constexpr std::uint64_t kLength = 8;  // bytes of the header's length

[[noreturn]] void refuse(const std::string& message) { throw FormatError(message); }

std::string read_text(const Source& source) {
  if (source.size() < kLength) {
    refuse("expected the 8 bytes of the header's length, got " + std::to_string(source.size()) +
           " bytes in total");
  }
  std::uint64_t length = 0;
  source.read(0, &length, sizeof length);
  if (length > source.size() - kLength) {
    refuse("expected " + std::to_string(length) + " bytes of header, got " +
           std::to_string(source.size() - kLength) + "; the file is truncated, or not a safetensors file");
  }
  if (length >= json::kLargestText) {
    refuse("expected a header of fewer than " + std::to_string(json::kLargestText) + " bytes, got " +
           std::to_string(length));
  }
  std::string text(length, '\0');
  source.read(kLength, text.data(), text.size());
  if (text.empty() || text.front() != '{')
    refuse("expected a header that begins with '{'; not a safetensors file");
  return text;
}

// The number of elements times the size of the type; refused if no file could be so large
std::uint64_t bytes_of(const Tensor& tensor, const json::Value& value) {
  std::uint64_t bytes = size_of_type(tensor.type);
  if (bytes == 0) value.refuse("a tensor of type F32 or F64");
  for (const std::uint64_t extent : tensor.shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) value.refuse("a tensor of fewer than 2^64 bytes");
  }
  return bytes;
}

Tensor read_tensor(const std::string& name, const json::Value& value) {
  json::Object object(value);
  Tensor tensor;
  tensor.name = name;
  tensor.type = object.at("dtype").string();
  for (const json::Value& extent : object.at("shape").elements()) tensor.shape.push_back(extent.whole());
  const std::vector<json::Value> offsets = object.at("data_offsets").elements();
  if (offsets.size() != 2) object.at("data_offsets").refuse("two offsets");
  tensor.begin = offsets[0].whole();
  tensor.end = offsets[1].whole();
  object.finish();
  const std::uint64_t bytes = bytes_of(tensor, value);
  if (tensor.end < tensor.begin || tensor.end - tensor.begin != bytes) {
    object.at("data_offsets").refuse("the " + std::to_string(bytes) + " bytes of its shape");
  }
  return tensor;
}

void read_metadata(Header& header, const json::Value& value) {
  std::string checksum;
  bool described = false;
  for (const auto& [key, text] : value.members()) {
    const std::string content = text.string();  // all metadata values are strings
    if (key == "format") header.kind = content;
    if (key == "crc32") checksum = content;
    if (key == "fanin") {
      header.description = content;
      described = true;
    }
  }
  if (header.kind != "fanin" || !described) {
    refuse(
        "a safetensors file, but not a fanin model: its metadata lacks \"format\": \"fanin\" and a "
        "description");
  }
  char expected[9];
  std::snprintf(expected, sizeof expected, "%08x", static_cast<unsigned>(crc32(header.description)));
  if (checksum != expected) {
    refuse("metadata: the description of the model does not match its checksum; the file is damaged");
  }
}

// Tensors are contiguous, in any order.
void check_places(std::vector<Tensor>& tensors, std::uint64_t data) {
  std::sort(tensors.begin(), tensors.end(), [](const Tensor& a, const Tensor& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t end = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor.begin != end) {
      refuse("tensor \"" + tensor.name + "\": expected it to begin at byte " + std::to_string(end) +
             ", the end of the previous one, got " + std::to_string(tensor.begin));
    }
    end = tensor.end;
  }
  if (end != data) {
    refuse("expected " + std::to_string(end) + " bytes of tensors, got " + std::to_string(data));
  }
}

}  // namespace

std::uint64_t size_of_type(const std::string& type) { return type == "F32" ? 4 : type == "F64" ? 8 : 0; }

std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

Header read_header(const Source& source) {
  std::string text = read_text(source);
  const std::uint64_t begin = kLength + text.size();
  const json::Document document("header", std::move(text));
  Header header;
  bool has_metadata = false;
  for (const auto& [name, value] : document.root().members()) {
    if (name == "__metadata__") {
      read_metadata(header, value);
      has_metadata = true;
    } else {
      header.tensors.push_back(read_tensor(name, value));
    }
  }
  if (!has_metadata) refuse("a safetensors file, but not a fanin model: it has no metadata");
  check_places(header.tensors, source.size() - begin);
  for (Tensor& tensor : header.tensors) {
    tensor.begin += begin;
    tensor.end += begin;
  }
  return header;
}

std::string header_text(const std::string& description, const std::vector<Tensor>& tensors) {
  char checksum[9];
  std::snprintf(checksum, sizeof checksum, "%08x", static_cast<unsigned>(crc32(description)));
  json::Writer out;
  out.begin_object().key("__metadata__").begin_object();
  out.key("format").string("fanin").key("fanin").string(description).key("crc32").string(checksum);
  out.end_object();
  std::uint64_t end = 0;
  for (const Tensor& tensor : tensors) {
    out.key(tensor.name).begin_object().key("dtype").string(tensor.type).key("shape").begin_array();
    std::uint64_t bytes = size_of_type(tensor.type);
    for (const std::uint64_t extent : tensor.shape) {
      out.whole(extent);
      bytes *= extent;
    }
    out.end_array().key("data_offsets").begin_array().whole(end).whole(end + bytes).end_array().end_object();
    end += bytes;
  }
  out.end_object();
  std::string text = out.text();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that tensors are aligned in a mapped file
  if (text.size() >= json::kLargestText) {
    throw ValueError("network: expected a header of fewer than " + std::to_string(json::kLargestText) +
                     " bytes, got " + std::to_string(text.size()) + " because it has too many layers");
  }
  const std::uint64_t length = text.size();
  char prefix[kLength];
  std::memcpy(prefix, &length, sizeof prefix);
  return std::string(prefix, sizeof prefix) + text;
}

}  // namespace fanin::safetensors
