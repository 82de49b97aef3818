// Activations of flat arrays, with the same stores as in a layer.
#pragma once

#include "erf.hpp"
#include "fanin/activations.hpp"
#include "for_each.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class A, class T>
void activate_run(T* a, const T* z, std::size_t n) {
  for_each<T>(n, [&](std::size_t i, auto lanes) { lanes.store(flush(A::value(lanes.load(z + i))), a + i); });
}

template <class A, class T>
void activate_backward_run(T* dz, const T* da, const T* z, std::size_t n) {
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    const Vec<T> input = lanes.load(z + i), a = flush(A::value(input));
    lanes.store(flush(A::backward(lanes.load(da + i), flush(input), a)), dz + i);
  });
}

template <class T, class... A>
void activate_of(List<A...>, int activation, T* a, const T* z, std::size_t n) {
  static constexpr void (*functions[])(T*, const T*, std::size_t) = {activate_run<A, T>...};
  functions[activation](a, z, n);
}

template <class T, class... A>
void activate_backward_of(List<A...>, int activation, T* dz, const T* da, const T* z, std::size_t n) {
  static constexpr void (*functions[])(T*, const T*, const T*,
                                       std::size_t) = {activate_backward_run<A, T>...};
  functions[activation](dz, da, z, n);
}

template <class T>
void activate(int activation, T* a, const T* z, std::size_t n) {
  activate_of<T>(Activations{}, activation, a, z, n);
}

template <class T>
void activate_backward(int activation, T* dz, const T* da, const T* z, std::size_t n) {
  activate_backward_of<T>(Activations{}, activation, dz, da, z, n);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
