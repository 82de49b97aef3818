// The tensors of a file being read, by name.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "fanin/error.hpp"
#include "files/safetensors.hpp"

namespace fanin {

template <class T>
constexpr const char* tensor_type() {
  return sizeof(T) == 4 ? "F32" : "F64";
}

// Calls f, and puts the file's name before the message of a ValueError, which becomes a FormatError.
template <class F>
auto about_file(const std::string& name, F&& f) {
  try {
    return f();
  } catch (const ValueError& error) {
    throw FormatError(name + ": " + error.what());
  }
}

// Each must be taken exactly once.
class Tensors {
 public:
  Tensors(const Source& source, std::vector<safetensors::Tensor> tensors);

  // Throws FormatError unless there is one of this shape, and of this type unless that is null
  const safetensors::Tensor& take(const std::string& name, const std::vector<std::uint64_t>& shape,
                                  const char* type);
  // Begins the names of all that are taken from now on
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }
  void finish() const;

  template <class T>
  std::vector<T> read(const safetensors::Tensor& tensor) const {
    std::vector<T> values((tensor.end - tensor.begin) / sizeof(T));
    source_.read(tensor.begin, values.data(), values.size() * sizeof(T));
    return values;
  }

 private:
  const Source& source_;
  std::string prefix_;
  std::vector<safetensors::Tensor> tensors_;
  std::vector<bool> taken_;
};

}  // namespace fanin
