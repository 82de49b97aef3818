// Measures what this machine can do at best, as one JSON object on standard output.
//
//   fanin_bench_limits WHAT SECONDS TRIALS THREADS ...
//
// WHAT is "machine"; "arithmetic", the part of it that depends on the instruction set; or a size, for GB/s of
// reading an array of so many numbers and updating 1 to 6 others.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "team.hpp"
#include "vector.hpp"

namespace limits {
namespace {

using Floats = Vector<float>;

// Operands the compiler cannot know
volatile double opaque_one = 1.0;
volatile double opaque_half = 0.5;

// Keeps the compiler from leaving out what computes v
template <class V>
void keep(V v) {
  __asm__ volatile("" : : "m"(v));
}

// x <- x / 2 + 1 converges to 2: no denormals, no infinities.
struct MultiplyAdd {
  static constexpr std::size_t chains = kRegisters - 8;  // leaves some for the operands, and some slack
  template <class T>
  static Vector<T> step(Vector<T> x, Vector<T> half, Vector<T> one) {
    return x * half + one;
  }
};

// x <- sqrt(x) / x + 1 stays between 1 and 2: one square root and one division an element.
struct RootAndDivide {
  static constexpr std::size_t chains = 8;
  template <class T>
  static Vector<T> step(Vector<T> x, Vector<T>, Vector<T> one) {
    return square_root<T>(x) / x + one;
  }
};

template <class Operation, class T, std::size_t... I>
void run_chains(long repeats, std::index_sequence<I...>) {
  const Vector<T> half = broadcast(static_cast<T>(opaque_half));
  const Vector<T> one = broadcast(static_cast<T>(opaque_one));
  Vector<T> x[] = {broadcast(static_cast<T>(I + 1))...};
  for (long repeat = 0; repeat < repeats; ++repeat) {
    ((x[I] = Operation::template step<T>(x[I], half, one)), ...);
  }
  (keep(x[I]), ...);
}

// 10^9 elements a second
template <class Operation, class T>
double gelements(const Team& team) {
  const double seconds = team.peak([](int, long repeats) {
    run_chains<Operation, T>(repeats, std::make_index_sequence<Operation::chains>());
  });
  return 1e-9 * Operation::chains * kWidth<T> * team.threads / seconds;
}

// Floats on huge pages where the system has them, so that the caches are measured and not the page tables.
// Each array starts an odd number of cache lines from a page's start, its own one: they share no sets of a
// cache.
class Array {
 public:
  explicit Array(std::size_t n, std::size_t place = 0) : begin_(place * 5 * 16) {
    const std::size_t page = std::size_t{1} << 21;
    const std::size_t bytes = ((begin_ + n) * sizeof(float) + page - 1) / page * page;
    memory_.reset(static_cast<float*>(std::aligned_alloc(page, bytes)));
    if (!memory_) std::abort();
#if defined(__linux__)
    madvise(memory_.get(), bytes, MADV_HUGEPAGE);
#endif
    std::fill_n(data(), n, 1.0F);
  }
  float* data() { return memory_.get() + begin_; }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::size_t begin_;
  std::unique_ptr<float, Free> memory_;
};

// GB/s of over(begin, end), which moves some bytes an element: each thread has a part of n elements
template <class Over>
double bandwidth(const Team& team, std::size_t n, std::size_t part, std::size_t bytes, const Over& over) {
  const double seconds = team.best([&](int thread, long repeats) {
    const std::size_t begin = std::min(n, part * static_cast<std::size_t>(thread));
    const std::size_t end = team.threads == 1 ? n : std::min(n, begin + part);
    for (long repeat = 0; repeat < repeats; ++repeat) {
      over(begin, end);
      __asm__ volatile("" ::: "memory");  // keeps the compiler from merging one pass with the next
    }
  });
  return 1e-9 * static_cast<double>(bytes * n) / seconds;
}

// a = formula(a, b, c, s), four vectors at a time
template <auto formula>
void write(float* a, const float* b, const float* c, std::size_t n, Floats s) {
  for (std::size_t i = 0; i < n; i += 4 * kWidth<float>) {
    for (std::size_t j = i; j < i + 4 * kWidth<float>; j += kWidth<float>) {
      store(a + j, formula(load(a + j), load(b + j), load(c + j), s));
    }
  }
}

// The sum of a, in chains that hide the latency of an addition
template <std::size_t... I>
void sum(const float* a, std::size_t n, std::index_sequence<I...>) {
  Floats chains[sizeof...(I)] = {};
  for (std::size_t i = 0; i < n; i += sizeof...(I) * kWidth<float>) {
    ((chains[I] += load(a + i + I * kWidth<float>)), ...);
  }
  (keep(chains[I]), ...);
}

// A pass over arrays, and how many bytes it moves an element
struct Pass {
  const char* name;
  std::size_t arrays, bytes;
  void (*over)(float* a, const float* b, const float* c, std::size_t n, Floats s);
};

const Pass passes[] = {
    {"triad", 3, 12, write<[](Floats, Floats b, Floats c, Floats s) { return c * s + b; }>},
    {"update", 2, 12, write<[](Floats a, Floats b, Floats, Floats s) { return a * s + b; }>},
    {"copy", 2, 8, write<[](Floats, Floats b, Floats, Floats s) { return b * s; }>},
    {"read", 1, 4, [](float* a, const float*, const float*, std::size_t n, Floats) {
       sum(a, n, std::make_index_sequence<8>());
     }}};

// GB/s of a pass over arrays that together hold `bytes`
double bandwidth(const Team& team, std::size_t bytes, const Pass& pass) {
  const std::size_t step = 8 * kWidth<float>, threads = static_cast<std::size_t>(team.threads);
  const std::size_t all = bytes / sizeof(float) / pass.arrays;
  const std::size_t part = std::max(step, all / threads / step * step), n = part * threads;
  std::vector<Array> arrays;
  for (std::size_t k = 0; k < pass.arrays; ++k) arrays.emplace_back(n);
  float* const a = arrays.front().data();
  float* const b = arrays[pass.arrays / 2].data();
  float* const c = arrays.back().data();
  const Floats s = broadcast(static_cast<float>(opaque_half));
  return bandwidth(team, n, part, pass.bytes, [=](std::size_t begin, std::size_t end) {
    pass.over(a + begin, b + begin, c + begin, end - begin, s);
  });
}

// GB/s of a_k <- s a_k + c for some arrays of n numbers
template <std::size_t... K>
double updates(const Team& team, std::size_t n, std::index_sequence<K...>) {
  const std::size_t page = 4096, threads = static_cast<std::size_t>(team.threads);
  Array arrays[] = {Array(n, K)..., Array(n, sizeof...(K))};
  float* const a[] = {arrays[K].data()...};
  const float* const c = arrays[sizeof...(K)].data();
  const Floats s = broadcast(static_cast<float>(opaque_half));
  const std::size_t part = (n / threads + page - 1) / page * page, bytes = 4 * (2 * sizeof...(K) + 1);
  return bandwidth(team, n, part, bytes, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i + kWidth<float> <= end; i += kWidth<float>) {
      const Floats read = load(c + i);
      (store(a[K] + i, load(a[K] + i) * s + read), ...);
    }
  });
}

template <std::size_t... N>
void print_updates(const Team& team, std::size_t n, std::index_sequence<N...>) {
  const char* before = "[";
  ((std::printf("%s%.3f", std::exchange(before, ", "), updates(team, n, std::make_index_sequence<N + 1>()))),
   ...);
  std::printf("]");
}

void print_team(const Team& team, bool arithmetic_only) {
  std::printf("{\"threads\": %d", team.threads);
  std::printf(", \"gflops\": {\"float32\": %.2f, \"float64\": %.2f}", 2 * gelements<MultiplyAdd, float>(team),
              2 * gelements<MultiplyAdd, double>(team));
  std::printf(", \"root_and_divide\": {\"float32\": %.4f, \"float64\": %.4f}",
              gelements<RootAndDivide, float>(team), gelements<RootAndDivide, double>(team));
  if (!arithmetic_only) {
    SpinBarrier barrier(team.threads);
    const double seconds = team.peak([&](int, long repeats) {
      for (long repeat = 0; repeat < repeats; ++repeat) barrier.wait();
    });
    std::printf(", \"barrier_us\": %.4f, \"bandwidth\": ", 1e6 * seconds);
    const char* before = "[";
    for (std::size_t bytes = 1 << 15; bytes <= 1 << 28; bytes *= 2) {
      std::printf("%s{\"bytes\": %zu", std::exchange(before, ",\n"), bytes);
      for (const Pass& pass : passes) std::printf(", \"%s\": %.2f", pass.name, bandwidth(team, bytes, pass));
      std::printf("}");
    }
    std::printf("]");
  }
  std::printf("}");
}

}  // namespace
}  // namespace limits

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "%s: expected machine, arithmetic or a size, seconds, trials and threads\n",
                 argv[0]);
    return 2;
  }
  const std::string what = argv[1];
  std::printf("{\"instruction_set\": \"%s\", \"processors\": %u, \"teams\": ", limits::kInstructionSet,
              std::thread::hardware_concurrency());
  const char* before = "[";
  for (int i = 4; i < argc; ++i) {
    const limits::Team team{std::atoi(argv[i]), std::atof(argv[2]), std::atoi(argv[3])};
    std::printf("%s", std::exchange(before, ",\n"));
    if (const std::size_t size = std::strtoull(argv[1], nullptr, 10); size > 0) {
      limits::print_updates(team, size, std::make_index_sequence<6>());
    } else {
      limits::print_team(team, what == "arithmetic");
    }
  }
  std::printf("]}\n");
  return 0;
}
