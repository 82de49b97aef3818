// Measures what this machine can do at best, as one JSON object on standard output.
//
//   fanin_bench_limits WHAT SECONDS TRIALS THREADS ...
//
// WHAT is "machine"; "arithmetic", the part of it that depends on the instruction set; or a size, for GB/s of
// reading an array of so many numbers and updating 1 to 6 others.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "src/base/buffer.hpp"
#include "team.hpp"
#include "vector.hpp"

namespace {

using fanin::native::Vec;
using Floats = Vec<float>;

// Operands the compiler cannot know
volatile double opaque_one = 1, opaque_half = 0.5;

// Keeps the compiler from leaving out what computes v
template <class T>
void keep(Vec<T> v) {
  __asm__ volatile("" : : "m"(v));
}

// 10^9 elements a second of x = operation(x, 1/2, 1), in as many chains as there are I
template <class T, auto operation, int... I>
double gelements(const Team& team, std::integer_sequence<int, I...>) {
  const double seconds = team.often().best([](int, long repeats) {
    const Vec<T> half = opaque_half, one = opaque_one;
    Vec<T> x[] = {Vec<T>(I + 1)...};
    for (long repeat = 0; repeat < repeats; ++repeat) ((x[I] = operation(x[I], half, one)), ...);
    (keep(x[I]), ...);
  });
  return 1e-9 * sizeof...(I) * Vec<T>::width * team.threads / seconds;
}

// Converges to 2: no denormals, no infinities
constexpr auto kMultiplyAdd = [](auto x, auto half, auto one) { return x * half + one; };
constexpr std::make_integer_sequence<int, kRegisters - 8> kChains;  // leaves operands, and some slack

// Stays between 1 and 2: one square root and one division an element
constexpr auto kRootAndDivide = [](auto x, auto, auto one) { return sqrt(x) / x + one; };
constexpr std::make_integer_sequence<int, 8> kFewChains;

// A pass over arrays, and how many bytes it moves an element
struct Pass {
  std::size_t arrays, bytes;
  void (*over)(float* const* arrays, std::size_t begin, std::size_t end, Floats s);
  const char* name = "";
};

// a = formula(a, b, c, s), four vectors at a time
template <auto formula>
void write(float* const* arrays, std::size_t begin, std::size_t end, Floats s) {
  float* const a = arrays[0];
  const float *const b = arrays[1], *const c = arrays[2];
  for (std::size_t i = begin; i < end; i += 4 * Floats::width) {
    for (std::size_t j = i; j < i + 4 * Floats::width; j += Floats::width) {
      formula(Floats::load(a + j), Floats::load(b + j), Floats::load(c + j), s).store(a + j);
    }
  }
}

// The sum of an array, in chains that hide the latency of an addition
template <int... I>
void sum(float* const* arrays, std::size_t begin, std::size_t end, Floats) {
  Floats chains[] = {Floats(I)...};
  for (const float* a = arrays[0] + begin; a < arrays[0] + end; a += sizeof...(I) * Floats::width) {
    ((chains[I] = chains[I] + Floats::load(a + I * Floats::width)), ...);
  }
  (keep(chains[I]), ...);
}

// a_k = s a_k + b, where b is the array after all a_k
template <int... K>
void update(float* const* arrays, std::size_t begin, std::size_t end, Floats s) {
  float* const a[] = {arrays[K]...};
  const float* const b = arrays[sizeof...(K)];
  for (std::size_t i = begin; i + Floats::width <= end; i += Floats::width) {
    const Floats read = Floats::load(b + i);
    ((Floats::load(a[K] + i) * s + read).store(a[K] + i), ...);
  }
}

const Pass kPasses[] = {
    {3, 12, write<[](Floats, Floats b, Floats c, Floats s) { return c * s + b; }>, "triad"},
    {2, 12, write<[](Floats a, Floats b, Floats, Floats s) { return a * s + b; }>, "update"},
    {2, 8, write<[](Floats, Floats b, Floats, Floats s) { return b * s; }>, "copy"},
    {1, 4, sum<0, 1, 2, 3, 4, 5, 6, 7>, "read"}};
const Pass kUpdates[] = {
    {2, 12, update<0>},          {3, 20, update<0, 1>},          {4, 28, update<0, 1, 2>},
    {5, 36, update<0, 1, 2, 3>}, {6, 44, update<0, 1, 2, 3, 4>}, {7, 52, update<0, 1, 2, 3, 4, 5>}};

// GB/s of a pass over arrays of n floats, of which each thread has a part of whole blocks
double bandwidth(const Team& team, std::size_t n, std::size_t block, const Pass& pass) {
  // On huge pages, so that the caches are measured and not the page tables. Each array starts an odd number
  // of cache lines from a page's start, its own one: they share no sets of a cache.
  constexpr std::size_t huge = std::size_t{1} << 20, distance = 5 * 16, most = 7;
  std::vector<fanin::Buffer<float>> memory;
  float* arrays[most];
  for (std::size_t k = 0; k < most; ++k) {
    if (k < pass.arrays) {
      memory.emplace_back(std::max(huge, n + k * distance), fanin::Cleared::no);
      std::fill_n(memory.back().data(), memory.back().size(), 1.0F);
    }
    arrays[k] = memory.back().data() + (memory.size() - 1) * distance;
  }
  const Floats s = opaque_half;
  const std::size_t blocks = (n + block - 1) / block, threads = static_cast<std::size_t>(team.threads);
  const std::size_t part = (blocks + threads - 1) / threads * block;
  const double seconds = team.best([&](int thread, long repeats) {
    const std::size_t begin = std::min(n, part * static_cast<std::size_t>(thread)),
                      end = std::min(n, begin + part);
    for (long repeat = 0; repeat < repeats; ++repeat) {
      pass.over(arrays, begin, end, s);
      __asm__ volatile("" ::: "memory");  // keeps the compiler from merging one pass with the next
    }
  });
  return 1e-9 * static_cast<double>(pass.bytes * n) / seconds;
}

void print_updates(const Team& team, std::size_t n) {
  const char* before = "[";
  for (const Pass& pass : kUpdates) {
    std::printf("%s%.3f", std::exchange(before, ", "), bandwidth(team, n, 4096, pass));
  }
  std::printf("]");
}

void print_arithmetic(const Team& team) {
  std::printf("{\"threads\": %d, \"gflops\": {\"float32\": %.2f, \"float64\": %.2f}", team.threads,
              2 * gelements<float, kMultiplyAdd>(team, kChains),
              2 * gelements<double, kMultiplyAdd>(team, kChains));
  std::printf(", \"root_and_divide\": {\"float32\": %.4f, \"float64\": %.4f}",
              gelements<float, kRootAndDivide>(team, kFewChains),
              gelements<double, kRootAndDivide>(team, kFewChains));
}

void print_memory(const Team& team) {
  SpinBarrier barrier{team.threads};
  const double seconds = team.often().best([&](int, long repeats) {
    for (long repeat = 0; repeat < repeats; ++repeat) barrier.wait();
  });
  std::printf(", \"barrier_us\": %.4f, \"bandwidth\": ", 1e6 * seconds);
  const char* before = "[";
  for (std::size_t bytes = 1 << 15; bytes <= 1 << 28; bytes *= 2) {
    std::printf("%s{\"bytes\": %zu", std::exchange(before, ",\n"), bytes);
    for (const Pass& pass : kPasses) {
      // together they hold so many bytes; a thread's part is whole groups of eight vectors
      const std::size_t group = 8 * Floats::width * static_cast<std::size_t>(team.threads);
      const std::size_t groups = std::max<std::size_t>(1, bytes / sizeof(float) / pass.arrays / group);
      std::printf(", \"%s\": %.2f", pass.name, bandwidth(team, groups * group, 8 * Floats::width, pass));
    }
    std::printf("}");
  }
  std::printf("]");
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("{\"instruction_set\": \"%s\", \"processors\": %u, \"teams\": ", kInstructionSet,
              std::thread::hardware_concurrency());
  const char* before = "[";
  for (int i = 4; i < argc; ++i) {
    const Team team{std::atoi(argv[i]), std::atof(argv[2]), std::atoi(argv[3])};
    std::printf("%s", std::exchange(before, ",\n"));
    if (const std::size_t size = std::strtoull(argv[1], nullptr, 10); size > 0) {
      print_updates(team, size);
    } else {
      print_arithmetic(team);
      if (argv[1] == std::string("machine")) print_memory(team);
      std::printf("}");
    }
  }
  std::printf("]}\n");
}
