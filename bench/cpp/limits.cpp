// Measures what this machine can do at best, as one JSON object on standard output:
// fused multiply-adds, square root and division, bandwidth by working set, and the time of a barrier.
//
//   fanin_bench_limits [--quick] [--arithmetic] [threads ...]        default: 1 and all processors
//
// --arithmetic leaves bandwidth and barrier out, which do not hang on the instruction set.
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

// Operands the compiler cannot know.
volatile double opaque_one = 1.0;
volatile double opaque_half = 0.5;

template <class T>
double sum(Vector<T> v) {
  double total = 0;
  for (int i = 0; i < VectorOf<T>::width; ++i) total += static_cast<double>(v[i]);
  return total;
}

// Independent chains that fill the registers but for the two operands and some slack.
inline constexpr int kChains = kRegisters - 8;

// x <- x / 2 + 1 converges to 2: no denormals, no infinities.
template <class T, std::size_t... I>
void multiply_add(int thread, long repeats, std::index_sequence<I...>) {
  const Vector<T> half = broadcast(static_cast<T>(opaque_half));
  const Vector<T> one = broadcast(static_cast<T>(opaque_one));
  Vector<T> x[sizeof...(I)];
  ((x[I] = broadcast(static_cast<T>(I))), ...);
  for (long repeat = 0; repeat < repeats; ++repeat) {
    ((x[I] = fma(x[I], half, one)), ...);
  }
  sinks[thread].value = (sum<T>(x[I]) + ...);
}

// x <- sqrt(x) / x + 1 stays between 1 and 2: one square root and one division an element.
template <class T, std::size_t... I>
void root_and_divide(int thread, long repeats, std::index_sequence<I...>) {
  const Vector<T> one = broadcast(static_cast<T>(opaque_one));
  Vector<T> x[sizeof...(I)];
  ((x[I] = broadcast(static_cast<T>(I + 1))), ...);
  for (long repeat = 0; repeat < repeats; ++repeat) {
    ((x[I] = square_root(x[I]) / x[I] + one), ...);
  }
  sinks[thread].value = (sum<T>(x[I]) + ...);
}

// Many short trials: a neighbour on the machine disturbs most of them, and one that it spares tells the peak.
template <class Work>
double peak_seconds(int n_threads, Effort effort, const Work& work) {
  return best_seconds(n_threads, effort.trial_seconds / 4, 8 * effort.trials, work);
}

template <class T>
double multiply_add_gflops(int n_threads, Effort effort) {
  const double seconds = peak_seconds(n_threads, effort, [](int thread, long repeats) {
    multiply_add<T>(thread, repeats, std::make_index_sequence<kChains>());
  });
  return 2e-9 * kChains * VectorOf<T>::width * n_threads / seconds;
}

template <class T>
double root_and_divide_gelements(int n_threads, Effort effort) {
  const double seconds = peak_seconds(n_threads, effort, [](int thread, long repeats) {
    root_and_divide<T>(thread, repeats, std::make_index_sequence<8>());
  });
  return 1e-9 * 8 * VectorOf<T>::width * n_threads / seconds;
}

// Float arrays on huge pages where the system has them, so that the caches are measured and not the page
// tables.
class Array {
 public:
  explicit Array(std::size_t n) {
    const std::size_t page = std::size_t{1} << 21;
    const std::size_t bytes = (n * sizeof(float) + page - 1) / page * page;
    data_.reset(static_cast<float*>(std::aligned_alloc(page, bytes)));
    if (!data_) std::abort();
#if defined(__linux__)
    madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
    for (std::size_t i = 0; i < n; ++i) data_.get()[i] = 1.0F;
  }
  float* data() { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> data_;
};

// Keeps the compiler from merging one pass over the arrays with the next.
inline void next_pass() { __asm__ volatile("" ::: "memory"); }

// out = f(vectors at i), a vector at a time
template <class F>
void write_each(float* out, std::size_t n, F&& f) {
  constexpr int width = VectorOf<float>::width;
  for (std::size_t i = 0; i < n; i += 4 * width) {
    for (int k = 0; k < 4; ++k) store(out + i + k * width, f(i + k * width));
  }
}

// The sum of a, in chains that hide the latency of an addition
template <std::size_t... I>
void read(const float* a, std::size_t n, int thread, std::index_sequence<I...>) {
  constexpr int width = VectorOf<float>::width;
  Vector<float> chains[sizeof...(I)] = {};
  for (std::size_t i = 0; i < n; i += sizeof...(I) * width) {
    ((chains[I] += load(a + i + I * width)), ...);
  }
  sinks[thread].value = (sum<float>(chains[I]) + ...);
}

// A pass over arrays, and how many bytes it moves an element.
struct Pass {
  const char* name;
  int arrays, bytes;
  void (*over)(float* a, const float* b, const float* c, std::size_t n, int thread);
};

const Pass passes[] = {
    {"triad", 3, 12,
     [](float* a, const float* b, const float* c, std::size_t n, int) {
       const Vector<float> s = broadcast(static_cast<float>(opaque_half));
       write_each(a, n, [=](std::size_t i) { return fma(load(c + i), s, load(b + i)); });  // a = b + s c
     }},
    {"update", 2, 12,
     [](float* a, const float* b, const float*, std::size_t n, int) {
       const Vector<float> s = broadcast(static_cast<float>(opaque_half));
       write_each(a, n, [=](std::size_t i) { return fma(load(a + i), s, load(b + i)); });  // a = s a + b
     }},
    {"copy", 2, 8,
     [](float* a, const float* b, const float*, std::size_t n, int) {
       const Vector<float> s = broadcast(static_cast<float>(opaque_half));
       write_each(a, n, [=](std::size_t i) { return load(b + i) * s; });  // a = s b
     }},
    {"read", 1, 4,
     [](float* a, const float*, const float*, std::size_t n, int thread) {
       read(a, n, thread, std::make_index_sequence<8>());
     }},
};

// GB/s of a pass over arrays that together hold `bytes`, an equal part of them for every thread
double bandwidth(int n_threads, std::size_t bytes, const Pass& pass, Effort effort) {
  const std::size_t step = 8 * VectorOf<float>::width;
  const std::size_t all = bytes / sizeof(float) / static_cast<std::size_t>(pass.arrays);
  const std::size_t part = std::max(step, all / static_cast<std::size_t>(n_threads) / step * step);
  std::vector<Array> arrays;
  for (int k = 0; k < pass.arrays; ++k) arrays.emplace_back(part * static_cast<std::size_t>(n_threads));
  float* const a = arrays[0].data();
  float* const b = arrays[pass.arrays > 1 ? 1 : 0].data();
  float* const c = arrays[pass.arrays > 2 ? 2 : 0].data();
  const double seconds =
      best_seconds(n_threads, effort.trial_seconds, effort.trials, [&](int thread, long repeats) {
        const std::size_t from = part * static_cast<std::size_t>(thread);
        for (long repeat = 0; repeat < repeats; ++repeat) {
          pass.over(a + from, b + from, c + from, part, thread);
          next_pass();
        }
      });
  return 1e-9 * pass.bytes * static_cast<double>(part) * n_threads / seconds;
}

double barrier_microseconds(int n_threads, Effort effort) {
  SpinBarrier measured(n_threads);
  return 1e6 * peak_seconds(n_threads, effort, [&](int, long repeats) {
           for (long repeat = 0; repeat < repeats; ++repeat) measured.wait();
         });
}

void print_team(int n_threads, Effort effort, bool arithmetic_only, bool last) {
  std::printf("    {\"threads\": %d,\n", n_threads);
  std::printf("     \"gflops\": {\"float32\": %.2f, \"float64\": %.2f},\n",
              multiply_add_gflops<float>(n_threads, effort), multiply_add_gflops<double>(n_threads, effort));
  std::printf("     \"root_and_divide\": {\"float32\": %.4f, \"float64\": %.4f}",
              root_and_divide_gelements<float>(n_threads, effort),
              root_and_divide_gelements<double>(n_threads, effort));
  if (arithmetic_only) {
    std::printf("}%s\n", last ? "" : ",");
    return;
  }
  std::printf(",\n     \"barrier_us\": %.4f,\n     \"bandwidth\": [\n",
              barrier_microseconds(n_threads, effort));
  const std::size_t largest = std::size_t{1} << 28;
  for (std::size_t bytes = std::size_t{1} << 15; bytes <= largest; bytes *= 2) {
    std::printf("       {\"bytes\": %zu", bytes);
    for (const Pass& pass : passes) {
      std::printf(", \"%s\": %.2f", pass.name, bandwidth(n_threads, bytes, pass, effort));
    }
    std::printf("}%s\n", bytes < largest ? "," : "");
  }
  std::printf("     ]}%s\n", last ? "" : ",");
}

}  // namespace
}  // namespace limits

int main(int argc, char** argv) {
  limits::Effort effort{0.02, 5};
  bool arithmetic_only = false;
  std::vector<int> teams;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const int n_threads = std::atoi(argv[i]);
    if (argument == "--quick") {
      effort = {0.004, 3};
    } else if (argument == "--arithmetic") {
      arithmetic_only = true;
    } else if (n_threads >= 1 && n_threads <= 1024) {
      teams.push_back(n_threads);
    } else {
      std::fprintf(stderr,
                   "%s: expected --quick, --arithmetic or a number of threads "
                   "from 1 to 1024, got %s\n",
                   argv[0], argv[i]);
      return 2;
    }
  }
  if (teams.empty()) {
    teams.push_back(1);
    const int all = static_cast<int>(std::thread::hardware_concurrency());
    if (all > 1) teams.push_back(all);
  }
  std::printf("{\"instruction_set\": \"%s\", \"processors\": %u, \"teams\": [\n", limits::kInstructionSet,
              std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < teams.size(); ++i)
    limits::print_team(teams[i], effort, arithmetic_only, i + 1 == teams.size());
  std::printf("]}\n");
  return 0;
}
