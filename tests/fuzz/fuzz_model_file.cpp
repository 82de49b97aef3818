// Arbitrary bytes as a model file: the result is a network, a model of tables, or FormatError. A model
// predicts, and saves and loads as the same bytes.
#include <cstdint>
#include <cstdlib>

#include "fanin/fanin.hpp"

namespace {

using namespace fanin;

void use_network(std::span<const std::byte> bytes) {
  AnyNetwork any = from_bytes(bytes);
  std::visit(
      []<class T>(const Network<T>& net) {
        const std::vector<T> x(net.inputs());
        std::vector<T> out(net.outputs());
        net.predict(row_major<const T>(x.data(), 1, x.size()), row_major(out.data(), 1, out.size()));
        if (Network<T>::from_bytes(net.to_bytes()).to_bytes() != net.to_bytes()) std::abort();
      },
      any);
}

void use_table_model(std::span<const std::byte> bytes) {
  const TableModel model = table_model_from_bytes(bytes);
  if (table_model_from_bytes(model.to_bytes()).to_bytes() != model.to_bytes()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  for (const auto use : {&use_network, &use_table_model}) {
    try {
      use(bytes);
    } catch (const FormatError&) {
    }
  }
  return 0;
}
