// Saving networks to files and bytes, and loading them.
#pragma once

#include "entries.hpp"
#include "fanin/network.hpp"
#include "unlocked.hpp"

namespace storage {

template <class T>
std::optional<std::pair<std::string, py::dict>> rule_of(const fanin::Network<T>& net) {
  if (const std::optional<fanin::Method> method = net.method()) return arrays::described(*method);
  if (const std::optional<fanin::WholeBatch> solver = net.solver()) return arrays::described(*solver);
  return std::nullopt;
}

template <class T>
void save(const fanin::Network<T>& net, const std::filesystem::path& path) {
  const Unlocked unlocked;  // no Python object is touched, and disks are slow
  net.save(path);
}

template <class T>
py::bytes to_bytes(const fanin::Network<T>& net) {
  std::vector<std::byte> bytes;
  {
    const Unlocked unlocked;  // no Python object is touched
    bytes = net.to_bytes();
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
std::unique_ptr<fanin::Network<T>> copy(const fanin::Network<T>& net) {
  const Unlocked unlocked;  // no Python object is touched
  return std::make_unique<fanin::Network<T>>(net.copy());
}

inline py::object owned(fanin::AnyNetwork any) {
  return std::visit(
      [](auto& net) {
        using Net = std::decay_t<decltype(net)>;
        return py::cast(std::make_unique<Net>(std::move(net)));
      },
      any);
}

inline py::object load(const std::filesystem::path& path) {
  std::optional<fanin::AnyNetwork> any;
  {
    const Unlocked unlocked;  // no Python object is touched, and disks are slow
    any = fanin::load(path);
  }
  return owned(*std::move(any));
}

inline py::object from_bytes(const py::bytes& data) {
  const std::string_view bytes = data;
  return owned(fanin::from_bytes(std::as_bytes(std::span(bytes))));
}

}  // namespace storage
