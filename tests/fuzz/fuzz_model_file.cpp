// Arbitrary bytes as a model file: the result is a network or FormatError. A network predicts, and saves and
// loads as the same bytes.
#include <cstdint>
#include <cstdlib>

#include "fanin/fanin.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fanin;
  try {
    AnyNetwork any = from_bytes(std::as_bytes(std::span(data, size)));
    std::visit(
        []<class T>(const Network<T>& net) {
          const std::vector<T> x(net.inputs());
          std::vector<T> out(net.outputs());
          net.predict(row_major<const T>(x.data(), 1, x.size()), row_major(out.data(), 1, out.size()));
          if (Network<T>::from_bytes(net.to_bytes()).to_bytes() != net.to_bytes()) std::abort();
        },
        any);
  } catch (const FormatError&) {
  }
  return 0;
}
