#include "files/tensors.hpp"

#include "base/json_string.hpp"

namespace fanin {
namespace {

using safetensors::Tensor;

std::string quoted(const std::string& name) { return "tensor \"" + json::shortened(name) + "\": "; }

std::string text_of(const std::vector<std::uint64_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size() && i < 4; ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + (shape.size() > 4 ? ", ...)" : shape.size() == 1 ? ",)" : ")");
}

}  // namespace

Tensors::Tensors(const Source& source, std::vector<Tensor> tensors)
    : source_(source), tensors_(std::move(tensors)), taken_(tensors_.size(), false) {
  std::sort(tensors_.begin(), tensors_.end(),
            [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
}

const Tensor& Tensors::take(const std::string& own_name, const std::vector<std::uint64_t>& shape,
                            const char* type) {
  const std::string name = prefix_ + own_name;
  const auto found =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const Tensor& tensor, const std::string& other) { return tensor.name < other; });
  if (found == tensors_.end() || found->name != name) {
    throw FormatError(quoted(name) + "expected shape " + text_of(shape) +
                      ", but the file has no such tensor");
  }
  if (found->shape != shape) {
    throw FormatError(quoted(name) + "expected shape " + text_of(shape) + ", got " + text_of(found->shape));
  }
  if (type != nullptr && found->type != type) {
    throw FormatError(quoted(name) + "expected type " + type + ", got " + found->type);
  }
  taken_[static_cast<std::size_t>(found - tensors_.begin())] = true;
  return *found;
}

void Tensors::finish() const {
  const auto left = std::find(taken_.begin(), taken_.end(), false);
  if (left == taken_.end()) return;
  const Tensor& tensor = tensors_[static_cast<std::size_t>(left - taken_.begin())];
  throw FormatError(quoted(tensor.name) + "the model has no array of that name");
}

}  // namespace fanin
