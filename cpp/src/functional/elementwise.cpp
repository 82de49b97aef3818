#include "base/lines.hpp"
#include "base/registry.hpp"
#include "functional/row_major.hpp"

namespace fanin {
namespace {

constexpr std::size_t kElementsAtOnce = 4096;
constexpr double kFlopsPerActivation = 50;  // the cost of a transcendental function and its stores

// f(begin, count) for this thread's part of the n elements of `out`, split at cache lines
template <class T, class F>
void for_elements(const T* out, std::size_t n, F&& f) {
  const std::size_t before = std::min(n, before_line(out));
  run_call(claim_for(kFlopsPerActivation * static_cast<double>(n)).threads(), [&](int thread, int threads) {
    if (thread == 0 && before > 0) f(std::size_t{0}, before);
    const Range runs =
        Share(thread, threads, 1).take((n - before + kElementsAtOnce - 1) / kElementsAtOnce, 1);
    const std::size_t begin = before + runs.begin * kElementsAtOnce,
                      end = std::min(n, before + runs.end * kElementsAtOnce);
    if (begin < end) f(begin, end - begin);
  });
}

// An element is read before it is written, so that an output may be an input.
template <class T>
void check_apart_or_same(std::span<T> out, std::span<const T> in, const char* name) {
  if (out.data() != in.data()) check_apart({{"out", memory_of(out)}}, {{name, memory_of(in)}});
}

}  // namespace

template <class T>
void activate(Activation activation, std::span<T> out, std::span<const T> z) {
  check_activation(activation);
  check_size("z", z, z.size());
  check_size("out", out, z.size());
  check_apart_or_same(out, z, "z");
  if (z.empty()) return;
  for_elements(out.data(), z.size(), [&](std::size_t begin, std::size_t n) {
    kernels<T>().activate(static_cast<int>(activation), out.data() + begin, z.data() + begin, n);
  });
}

template <class T>
void activate_backward(Activation activation, std::span<T> out, std::span<const T> da, std::span<const T> z) {
  check_activation(activation);
  check_size("z", z, z.size());
  check_size("da", da, z.size());
  check_size("out", out, z.size());
  check_apart_or_same(out, da, "da");
  check_apart_or_same(out, z, "z");
  if (z.empty()) return;
  for_elements(out.data(), z.size(), [&](std::size_t begin, std::size_t n) {
    kernels<T>().activate_backward(static_cast<int>(activation), out.data() + begin, da.data() + begin,
                                   z.data() + begin, n);
  });
}

#define FANIN_INSTANTIATE(T)                                               \
  template void activate<T>(Activation, std::span<T>, std::span<const T>); \
  template void activate_backward<T>(Activation, std::span<T>, std::span<const T>, std::span<const T>);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
