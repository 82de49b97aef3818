// What embedding costs: microseconds for one row through a net, and for loading its file and the first
// prediction.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "fanin/fanin.hpp"

namespace {

double microseconds() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// the least of several runs: what is left when nothing disturbs
template <class F>
double least(int runs, F&& f) {
  double best = 1e300;
  for (int i = 0; i < runs; ++i) {
    const double start = microseconds();
    f();
    best = std::min(best, microseconds() - start);
  }
  return best;
}

void measure(const char* name, std::size_t inputs, const std::vector<std::size_t>& units) {
  using namespace fanin;
  std::vector<Layer> layers;
  for (const std::size_t n : units) layers.emplace_back(n, activation<Relu>);
  layers.back() = Layer(units.back());
  const Network<float> net(inputs, layers, SoftmaxCrossEntropy{});
  std::vector<float> x(inputs, 0.5f), out(units.back());
  const Samples row = row_major<const float>(x.data(), 1, inputs);
  constexpr int calls = 1000;
  const double one_row = least(50, [&] {
    for (int i = 0; i < calls; ++i) net.predict(row, row_major(out.data(), 1, out.size()));
  });
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "fanin_bench_predict.safetensors";
  net.save(path);
  const double loaded = least(50, [&] {
    const Network<float> again = Network<float>::load(path);
    again.predict(row, row_major(out.data(), 1, out.size()));
  });
  const double bytes = static_cast<double>(std::filesystem::file_size(path));
  std::filesystem::remove(path);
  std::printf("%-20s %12.3f %12.1f %12.1f\n", name, one_row / calls, loaded, bytes / 1000);
}

}  // namespace

int main() {
  fanin::cpu::set_num_threads(1);
  std::printf("%-20s %12s %12s %12s\n", "net", "one row, us", "load, us", "file, kB");
  measure("20-64-2", 20, {64, 2});
  measure("54-128-128-7", 54, {128, 128, 7});
  measure("784-256-128-10", 784, {256, 128, 10});
  measure("784-1024-1024-10", 784, {1024, 1024, 10});
}
