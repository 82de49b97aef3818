// Tangents of activations on rows of some panels.
#pragma once

#include "base/registry.hpp"
#include "plan/value.hpp"

namespace fanin {

template <class T, class F>
void for_each_panel_of(const Value<T>& value, Batch batch, Range panels, Range rows, F&& f) {
  const Panels<T> shape = value.panels(value.a, batch);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const auto at = [&](T* data) {
      return data == nullptr ? nullptr : value.panels(data, batch).at(rows.begin, p);
    };
    f(at, (rows.end - rows.begin) * shape.width(p));
  }
}

// ra = rz f'(z)
template <class T>
void activate_tangent(const Value<T>& value, Batch batch, Range panels, Range rows) {
  if (value.linear) return;
  for_each_panel_of(value, batch, panels, rows, [&](auto at, std::size_t n) {
    kernels<T>().differentiate(value.activation, at(value.ra), at(value.rz), at(value.z), at(value.a), n);
  });
}

// Half of the second derivative of the value, from that of z: f'(z) h + f''(z) rz^2 / 2. The one may take the
// place of the other.
template <class T>
void activate_second_tangent(const Value<T>& value, T* half_of_z, Batch batch, Range panels, Range rows) {
  for_each_panel_of(value, batch, panels, rows, [&](auto at, std::size_t n) {
    T *const to = at(value.rdz), *const rz = at(value.rz), *const z = at(value.z), *const a = at(value.a);
    kernels<T>().differentiate(value.activation, to, at(half_of_z), z, a, n);
    kernels<T>().bend(value.activation, to, T{0.5}, rz, rz, z, a, n);
  });
}

}  // namespace fanin
