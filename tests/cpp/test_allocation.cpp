// An epoch allocates nothing: operator new is counted for the whole program.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "fanin/fanin.hpp"

using namespace fanin;

namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1);
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

TEST_CASE("an epoch allocates nothing, once the rule has its state") {
  const std::size_t rows = 1000, inputs = 300;
  const std::vector<double> doubles(rows * inputs, 0.5);
  const std::vector<std::uint8_t> bytes(rows * inputs, 1);
  std::vector<std::int64_t> y(rows, 1);
  const int before = cpu::num_threads();
  const auto check = [&](int threads, const Samples& x) {
    cpu::set_num_threads(threads);
    Network<float> net(inputs, {{200, activation<Relu>}, {100, activation<Tanh>}, {3}},
                       SoftmaxCrossEntropy{});
    Training<float> training(net, x, std::span<const std::int64_t>(y), {.batch_size = 64});
    Method surrounded = Nesterov{};
    surrounded.l2 = 0.1;
    surrounded.momentum = Piecewise{};
    Method grouped = surrounded;
    grouped.accumulate = 3;
    grouped.clip_norm = 1;
    grouped.average_decay = 0.9;
    grouped.arrays.resize(6, {.rate_scale = 0.5});
    for (const Method& method : {Method(Adam{}), surrounded, Method(SchaulVsgd{}), grouped}) {
      training.epoch(method);
      const std::size_t so_far = allocations.load();
      training.epoch(method);
      CHECK(allocations.load() == so_far);
    }
  };
  for (const int threads : {1, 2}) {
    check(threads, row_major<const double>(doubles.data(), rows, inputs));
    check(threads, numbers(row_major<const std::uint8_t>(bytes.data(), rows, inputs)));
  }
  cpu::set_num_threads(before);
}
