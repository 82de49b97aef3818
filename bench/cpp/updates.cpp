// Measures what an update rule costs where memory is all there is to wait for, as one JSON object on standard
// output: GB/s of a pass that reads one array and updates `arrays` others in place, each of so many numbers.
//
//   fanin_bench_updates seconds threads size ...
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "team.hpp"
#include "vector.hpp"

namespace limits {
namespace {

constexpr int kMost = 6;  // arrays updated in place

// Apart by an odd number of cache lines from a page's start, so that arrays do not share the sets of a cache
float* allocate(std::size_t n, int place) {
  const std::size_t huge = std::size_t{1} << 21;
  const std::size_t bytes = ((n + 4096) * sizeof(float) + huge - 1) / huge * huge;
  auto* memory = static_cast<float*>(std::aligned_alloc(huge, bytes));
  if (memory == nullptr) std::abort();
#if defined(__linux__)
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  float* array = memory + place * 5 * 16;
  for (std::size_t i = 0; i < n; ++i) array[i] = 1;
  return array;
}

// a_k <- s a_k + c for each of the arrays
template <std::size_t... K>
void pass(float* const* arrays, const float* c, std::size_t begin, std::size_t end, float factor,
          std::index_sequence<K...>) {
  constexpr std::size_t width = VectorOf<float>::width;
  const Vector<float> s = broadcast(factor);
  for (std::size_t i = begin; i + width <= end; i += width) {
    const Vector<float> read = load(c + i);
    (store(arrays[K] + i, fma(load(arrays[K] + i), s, read)), ...);
  }
}

template <std::size_t N>
double gigabytes(float* const* arrays, const float* c, std::size_t n, int threads, double seconds) {
  const std::size_t line = 4096, part = (n / static_cast<std::size_t>(threads) + line - 1) / line * line;
  const double best = best_seconds(threads, seconds, 5, [&](int thread, long repeats) {
    const std::size_t begin = std::min(n, part * static_cast<std::size_t>(thread));
    const std::size_t end = threads == 1 ? n : std::min(n, begin + part);
    for (long repeat = 0; repeat < repeats; ++repeat) {
      pass(arrays, c, begin, end, 0.5F, std::make_index_sequence<N>());
      __asm__ volatile("" ::: "memory");
    }
  });
  return 4e-9 * static_cast<double>(2 * N + 1) * static_cast<double>(n) / best;
}

template <std::size_t... N>
void print(std::size_t n, int threads, double seconds, bool last, std::index_sequence<N...>) {
  float* arrays[kMost];
  for (int k = 0; k < kMost; ++k) arrays[k] = allocate(n, k);
  float* c = allocate(n, kMost);
  std::printf("  \"%zu\": [", n);
  ((std::printf("%s%.3f", N == 0 ? "" : ", ", gigabytes<N + 1>(arrays, c, n, threads, seconds))), ...);
  std::printf("]%s\n", last ? "" : ",");
  for (int k = 0; k < kMost; ++k) std::free(arrays[k] - k * 5 * 16);
  std::free(c - kMost * 5 * 16);
}

}  // namespace
}  // namespace limits

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "%s: expected seconds, threads and sizes\n", argv[0]);
    return 2;
  }
  std::printf("{\n");
  for (int i = 3; i < argc; ++i) {
    limits::print(std::strtoull(argv[i], nullptr, 10), std::atoi(argv[2]), std::atof(argv[1]), i + 1 == argc,
                  std::make_index_sequence<limits::kMost>());
  }
  std::printf("}\n");
  return 0;
}
