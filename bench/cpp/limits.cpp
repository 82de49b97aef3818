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

struct Effort {
  double trial_seconds;
  int trials;
};

// A result that is stored here cannot be optimized away; the padding keeps threads off each other's cache
// lines.
struct alignas(128) Sink {
  volatile double value;
};
Sink sinks[1024];

// Operands the compiler cannot know
volatile double opaque_one = 1.0;
volatile double opaque_half = 0.5;

template <class T>
double sum(Vector<T> v) {
  double total = 0;
  for (int i = 0; i < VectorOf<T>::width; ++i) total += static_cast<double>(v[i]);
  return total;
}

// x <- x / 2 + 1 converges to 2: no denormals, no infinities.
struct MultiplyAdd {
  static constexpr int chains = kRegisters - 8;  // fill the registers but for the operands and some slack
  template <class V>
  static V step(V x, V half, V one) {
    return x * half + one;
  }
};

// x <- sqrt(x) / x + 1 stays between 1 and 2: one square root and one division an element.
struct RootAndDivide {
  static constexpr int chains = 8;
  template <class V>
  static V step(V x, V, V one) {
    return square_root<std::decay_t<decltype(x[0])>>(x) / x + one;
  }
};

template <class Operation, class T, std::size_t... I>
void run_chains(int thread, long repeats, std::index_sequence<I...>) {
  const Vector<T> half = broadcast(static_cast<T>(opaque_half));
  const Vector<T> one = broadcast(static_cast<T>(opaque_one));
  Vector<T> x[sizeof...(I)];
  ((x[I] = broadcast(static_cast<T>(I + 1))), ...);
  for (long repeat = 0; repeat < repeats; ++repeat) {
    ((x[I] = Operation::step(x[I], half, one)), ...);
  }
  sinks[thread].value = (sum<T>(x[I]) + ...);
}

// Many short trials: another program disturbs most of them, and one that it spares shows the peak.
template <class Work>
double peak_seconds(int n_threads, Effort effort, const Work& work) {
  return best_seconds(n_threads, effort.trial_seconds / 4, 8 * effort.trials, work);
}

// 10^9 elements a second
template <class Operation, class T>
double gelements(int n_threads, Effort effort) {
  const double seconds = peak_seconds(n_threads, effort, [](int thread, long repeats) {
    run_chains<Operation, T>(thread, repeats, std::make_index_sequence<Operation::chains>());
  });
  return 1e-9 * Operation::chains * VectorOf<T>::width * n_threads / seconds;
}

// Floats on huge pages where the system has them, so that the caches are measured and not the page tables.
// Each array starts an odd number of cache lines from a page's start, its own one: they share no sets of a
// cache.
class Array {
 public:
  Array(std::size_t n, int place) : begin_(static_cast<std::size_t>(place) * 5 * 16) {
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

// out = f(vectors at i), four vectors at a time
template <class F>
void write_each(float* out, std::size_t n, F&& f) {
  constexpr std::size_t width = VectorOf<float>::width;
  for (std::size_t i = 0; i < n; i += 4 * width) {
    for (std::size_t k = 0; k < 4; ++k) store(out + i + k * width, f(i + k * width));
  }
}

// The sum of a, in chains that hide the latency of an addition
template <std::size_t... I>
void read(const float* a, std::size_t n, int thread, std::index_sequence<I...>) {
  constexpr std::size_t width = VectorOf<float>::width;
  Vector<float> chains[sizeof...(I)] = {};
  for (std::size_t i = 0; i < n; i += sizeof...(I) * width) ((chains[I] += load(a + i + I * width)), ...);
  sinks[thread].value = (sum<float>(chains[I]) + ...);
}

// A pass over arrays, and how many bytes it moves an element
struct Pass {
  const char* name;
  int arrays, bytes;
  void (*over)(float* a, const float* b, const float* c, std::size_t n, int thread, Vector<float> s);
};

const Pass passes[] = {
    {.name = "triad",
     .arrays = 3,
     .bytes = 12,
     .over =
         [](float* a, const float* b, const float* c, std::size_t n, int, Vector<float> s) {
           write_each(a, n, [=](std::size_t i) { return load(c + i) * s + load(b + i); });  // a = b + s c
         }},
    {.name = "update",
     .arrays = 2,
     .bytes = 12,
     .over =
         [](float* a, const float* b, const float*, std::size_t n, int, Vector<float> s) {
           write_each(a, n, [=](std::size_t i) { return load(a + i) * s + load(b + i); });  // a = s a + b
         }},
    {.name = "copy",
     .arrays = 2,
     .bytes = 8,
     .over =
         [](float* a, const float* b, const float*, std::size_t n, int, Vector<float> s) {
           write_each(a, n, [=](std::size_t i) { return load(b + i) * s; });  // a = s b
         }},
    {.name = "read",
     .arrays = 1,
     .bytes = 4,
     .over = [](float* a, const float*, const float*, std::size_t n, int thread,
                Vector<float>) { read(a, n, thread, std::make_index_sequence<8>()); }},
};

// Seconds of a pass over n elements: over(begin, end, thread), an equal part of them for every thread
template <class Over>
double pass_seconds(std::size_t n, std::size_t part, int n_threads, Effort effort, const Over& over) {
  return best_seconds(n_threads, effort.trial_seconds, effort.trials, [&](int thread, long repeats) {
    const std::size_t begin = std::min(n, part * static_cast<std::size_t>(thread));
    const std::size_t end = n_threads == 1 ? n : std::min(n, begin + part);
    for (long repeat = 0; repeat < repeats; ++repeat) {
      over(begin, end, thread);
      __asm__ volatile("" ::: "memory");  // keeps the compiler from merging one pass with the next
    }
  });
}

// GB/s of a pass over arrays that together hold `bytes`
double bandwidth(int n_threads, std::size_t bytes, const Pass& pass, Effort effort) {
  const std::size_t step = 8 * VectorOf<float>::width, threads = static_cast<std::size_t>(n_threads);
  const std::size_t all = bytes / sizeof(float) / static_cast<std::size_t>(pass.arrays);
  const std::size_t part = std::max(step, all / threads / step * step), n = part * threads;
  std::vector<Array> arrays;
  for (int k = 0; k < pass.arrays; ++k) arrays.emplace_back(n, 0);
  float* const a = arrays[0].data();
  float* const b = arrays[pass.arrays > 1 ? 1 : 0].data();
  float* const c = arrays[pass.arrays > 2 ? 2 : 0].data();
  const Vector<float> s = broadcast(static_cast<float>(opaque_half));
  const double seconds =
      pass_seconds(n, part, n_threads, effort, [&](std::size_t begin, std::size_t end, int thread) {
        pass.over(a + begin, b + begin, c + begin, end - begin, thread, s);
      });
  return 1e-9 * pass.bytes * static_cast<double>(n) / seconds;
}

// GB/s of a_k <- s a_k + c for N arrays of n numbers
template <std::size_t... K>
double updates(std::size_t n, int n_threads, Effort effort, std::index_sequence<K...>) {
  constexpr std::size_t width = VectorOf<float>::width, page = 4096;
  Array arrays[] = {Array(n, static_cast<int>(K))..., Array(n, sizeof...(K))};
  float* const a[] = {arrays[K].data()...};
  const float* const c = arrays[sizeof...(K)].data();
  const Vector<float> s = broadcast(static_cast<float>(opaque_half));
  const std::size_t part = (n / static_cast<std::size_t>(n_threads) + page - 1) / page * page;
  const double seconds =
      pass_seconds(n, part, n_threads, effort, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i + width <= end; i += width) {
          const Vector<float> read = load(c + i);
          (store(a[K] + i, load(a[K] + i) * s + read), ...);
        }
      });
  return 4e-9 * static_cast<double>(2 * sizeof...(K) + 1) * static_cast<double>(n) / seconds;
}

template <std::size_t... N>
void print_updates(std::size_t n, int n_threads, Effort effort, std::index_sequence<N...>) {
  const double measured[] = {updates(n, n_threads, effort, std::make_index_sequence<N + 1>())...};
  for (std::size_t k = 0; k < sizeof...(N); ++k) std::printf("%s%.3f", k > 0 ? ", " : "[", measured[k]);
  std::printf("]");
}

void print_team(int n_threads, Effort effort, bool arithmetic_only) {
  std::printf("{\"threads\": %d,\n", n_threads);
  std::printf(" \"gflops\": {\"float32\": %.2f, \"float64\": %.2f},\n",
              2 * gelements<MultiplyAdd, float>(n_threads, effort),
              2 * gelements<MultiplyAdd, double>(n_threads, effort));
  std::printf(" \"root_and_divide\": {\"float32\": %.4f, \"float64\": %.4f}",
              gelements<RootAndDivide, float>(n_threads, effort),
              gelements<RootAndDivide, double>(n_threads, effort));
  if (!arithmetic_only) {
    SpinBarrier barrier(n_threads);
    const double seconds = peak_seconds(n_threads, effort, [&](int, long repeats) {
      for (long repeat = 0; repeat < repeats; ++repeat) barrier.wait();
    });
    std::printf(",\n \"barrier_us\": %.4f,\n \"bandwidth\": [", 1e6 * seconds);
    for (int power = 15; power <= 28; ++power) {
      const std::size_t bytes = std::size_t{1} << power;
      std::printf("%s\n  {\"bytes\": %zu", power > 15 ? "," : "", bytes);
      for (const Pass& pass : passes) {
        std::printf(", \"%s\": %.2f", pass.name, bandwidth(n_threads, bytes, pass, effort));
      }
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
  const std::size_t size = std::strtoull(argv[1], nullptr, 10);
  const limits::Effort effort{.trial_seconds = std::atof(argv[2]), .trials = std::atoi(argv[3])};
  std::printf("{\"instruction_set\": \"%s\", \"processors\": %u, \"teams\": [", limits::kInstructionSet,
              std::thread::hardware_concurrency());
  for (int i = 4; i < argc; ++i) {
    if (i > 4) std::printf(",\n");
    if (size > 0) {
      limits::print_updates(size, std::atoi(argv[i]), effort, std::make_index_sequence<6>());
    } else {
      limits::print_team(std::atoi(argv[i]), effort, what == "arithmetic");
    }
  }
  std::printf("]}\n");
  return 0;
}
