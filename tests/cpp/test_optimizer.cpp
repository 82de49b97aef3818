#include <doctest/doctest.h>

#include <atomic>
#include <cfenv>
#include <string>
#include <thread>

#include "base/registry.hpp"
#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

constexpr std::size_t sizes[] = {33, 0, 1, 70000, 5, 4096, 4097};

// Arrays one element past an aligned address, with a canary on both sides
template <class T>
struct Arrays {
  explicit Arrays(std::uint64_t stream) {
    for (const std::size_t n : sizes) {
      std::vector<T>& array = memory.emplace_back(n + 2, canary);
      for (std::size_t i = 0; i < n; ++i) array[i + 1] = static_cast<T>(test::uniform(stream, i + 7 * n));
    }
  }
  std::vector<std::span<T>> writable() {
    std::vector<std::span<T>> views;
    for (auto& array : memory) views.emplace_back(array.data() + 1, array.size() - 2);
    return views;
  }
  std::vector<std::span<const T>> readable() {
    std::vector<std::span<const T>> views;
    for (auto& array : memory) views.emplace_back(array.data() + 1, array.size() - 2);
    return views;
  }
  bool intact() const {
    bool intact = true;
    for (const auto& array : memory) intact = intact && array.front() == canary && array.back() == canary;
    return intact;
  }
  static constexpr T canary = 77;
  std::vector<std::vector<T>> memory;
};

template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const ValueError& error) {
    return error.what();
  }
  return "no error";
}

struct RestoreThreads {
  int before = cpu::num_threads();
  ~RestoreThreads() { cpu::set_num_threads(before); }
};

}  // namespace

TEST_CASE_TEMPLATE("an optimizer applies the update kernel to each array, for any number of threads", T,
                   float, double) {
  const RestoreThreads restore;
  int place = 0;
  for_each_type(Rules{}, [&](auto entry) {
    using R = typename decltype(entry)::type;
    Arrays<T> expected(1);
    std::vector<std::vector<T>> slots;
    for (const std::size_t n : sizes) {
      slots.push_back(test::fresh_slots<T>(R{}, n));
      slots.back().push_back(0);
    }
    const bool needs_second = traits_of(R{}).second_gradient;
    Moment at(1);
    for (; at.t <= 3; ++at.t) {
      Arrays<T> g(10 + at.t), second(20 + at.t);
      const StepConstants begun = begin_step(R{}, at);
      for (std::size_t a = 0; a < std::size(sizes); ++a) {
        const std::vector<Segment> around = test::segments_of(R{}, sizes[a]);
        Update<T> update{place,
                         nullptr,
                         expected.memory[a].data() + 1,
                         slots[a].data(),
                         sizes[a],
                         second.memory[a].data() + 1,
                         around.empty() ? nullptr : around.data()};
        begun.apply_to(update);
        kernels<T>().update(update, g.memory[a].data() + 1, {0, sizes[a]});
      }
      at.memory = begun.memory;
    }
    for (const int threads : {1, 2, 3, 7}) {
      cpu::set_num_threads(threads);
      Arrays<T> w(1);
      // Arrays of unknown shape cannot be matrices
      const std::vector<std::size_t> biases(traits_of(R{}).whole_matrices ? std::size(sizes) : 0, 0);
      Optimizer<T> optimizer(R{}, w.writable(), biases);
      for (std::uint64_t t = 1; t <= 3; ++t) {
        Arrays<T> g(10 + t), second(20 + t);
        StepInputs<T> inputs;
        if (needs_second) inputs.second = second.readable();
        optimizer.step(g.readable(), inputs);
        CHECK(g.intact());
      }
      CHECK(w.memory == expected.memory);  // canaries too
      CHECK(optimizer.steps() == 3);
      REQUIRE(optimizer.slot_names().size() == static_cast<std::size_t>(traits_of(R{}).slots.count));
      for (std::size_t s = 0; s < optimizer.slot_names().size(); ++s) {
        for (std::size_t a = 0; a < std::size(sizes); ++a) {
          std::vector<T> slot(sizes[a]);
          optimizer.get_slot(s, a, slot);
          const auto* from = slots[a].data() + s * sizes[a];
          CHECK(slot == std::vector<T>(from, from + sizes[a]));
        }
      }
    }
    ++place;
  });
}

TEST_CASE("the rounding mode of the caller changes no bits and is restored") {
  Arrays<float> expected(1), w(1), g(2);
  const auto take_steps = [&](Arrays<float>& arrays) {
    Optimizer<float> optimizer(Adam{}, arrays.writable());
    for (int i = 0; i < 3; ++i) optimizer.step(g.readable());
  };
  take_steps(expected);
  const int before = std::fegetround();
  std::fesetround(FE_UPWARD);
  take_steps(w);
  const int after = std::fegetround();
  std::fesetround(before);
  CHECK(after == FE_UPWARD);
  CHECK(w.memory == expected.memory);
}

TEST_CASE("training resumes exactly from a restored state") {
  Arrays<float> w(1), g(2);
  Optimizer<float> optimizer(Adam{}, w.writable());
  for (int i = 0; i < 3; ++i) optimizer.step(g.readable());
  std::vector<std::vector<std::vector<float>>> saved(2);
  std::vector<std::vector<std::span<const float>>> views(2);
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t a = 0; a < std::size(sizes); ++a) {
      saved[s].emplace_back(sizes[a]);
      optimizer.get_slot(s, a, saved[s][a]);
    }
    for (const auto& array : saved[s]) views[s].emplace_back(array);
  }
  Arrays<float> twin(1);
  twin.memory = w.memory;
  Optimizer<float> resumed(Adam{}, twin.writable());
  resumed.set_state({.steps = 3}, views);
  optimizer.step(g.readable());
  resumed.step(g.readable());
  CHECK(twin.memory == w.memory);
  CHECK(resumed.steps() == 4);
}

TEST_CASE("invalid calls are rejected with a clear message, and write nothing") {
  std::vector<float> w(20, 1), b(3, 1), g(20, 1);
  const std::span<float> all(w), bias(b);
  Optimizer<float> optimizer(Momentum{}, {all.first(10), bias});
  const std::span<const float> dw(g.data(), 10), db(g.data(), 3);

  CHECK(error_of([&] { Optimizer<float>(SGD{-1}, {all}); }) ==
        "learning_rate: expected a number in [0, infinity), got -1");
  CHECK(error_of([&] { Optimizer<float>(SGD{}, {bias, all.first(11), all.subspan(10)}); }) ==
        "arrays[2]: expected memory of its own, but it overlaps arrays[1]");
  CHECK(error_of([&] { Optimizer<float>(Muon{}, {all}); }) ==
        "inputs: expected a number for each array, because muon steps whole matrices, got none");
  CHECK(error_of([&] { optimizer.step({dw}); }) == "gradients: expected one for each of the 2 arrays, got 1");
  CHECK(error_of([&] { optimizer.step({dw, dw}); }) == "gradients[1]: expected 3 values, got 10");
  CHECK(error_of([&] { optimizer.step({all.subspan(9, 10), db}); }) ==
        "gradients[0]: expected memory apart from the arrays, but it overlaps arrays[0]");
  CHECK(error_of([&] { optimizer.set_method(SGD{}); }) ==
        "rule: expected momentum, the optimizer's rule, got sgd");
  CHECK(error_of([&] { optimizer.set_method(Momentum{0.1, 1.0}); }) ==
        "momentum: expected a number in [0, 1), got 1");
  CHECK(error_of([&] { optimizer.get_slot(1, 0, all); }) == "slot: there are only 1");
  CHECK(error_of([&] { optimizer.get_slot(0, 2, all); }) == "slot 0, array 2: there are only 2 arrays");
  CHECK(error_of([&] { optimizer.get_slot(0, 1, all); }) == "slot 0, array 1: expected 3 values, got 20");
  CHECK(error_of([&] { optimizer.set_state({.steps = 1}, {}); }) == "state: expected 1 slots, got 0");
  CHECK(error_of([&] { optimizer.set_state({.steps = 1}, {{dw}}); }) ==
        "state: expected 2 arrays in slot 0, got 1");
  CHECK(error_of([&] { optimizer.set_state({.steps = 1}, {{dw, dw}}); }) ==
        "state: slot 0, array 1: expected 3 values, got 10");

  CHECK(w == std::vector<float>(20, 1));
  CHECK(b == std::vector<float>(3, 1));
  CHECK(optimizer.steps() == 0);
  optimizer.step({all.subspan(10), db});
  CHECK(optimizer.steps() == 1);
}

TEST_CASE("an optimizer without arrays can step") {
  Optimizer<double> optimizer(Adam{}, {});
  optimizer.step({});
  CHECK(optimizer.steps() == 1);
}

TEST_CASE("concurrent calls from two threads either complete or are rejected") {
  std::vector<double> w(100000, 0), g(100000, 1);
  Optimizer<double> optimizer(SGD{1.0}, {w});
  std::atomic<int> done{0};
  const auto work = [&] {
    for (int i = 0; i < 50; ++i) {
      try {
        optimizer.step({g});
        ++done;
      } catch (const BusyError&) {
      }
    }
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(done > 0);
  CHECK(w == std::vector<double>(w.size(), -done));
  CHECK(optimizer.steps() == static_cast<std::uint64_t>(done));
}
