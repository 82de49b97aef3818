// Every call with its first allocation failing, then its second, and so on: its object remains unchanged.
#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <new>

#include "allocations.hpp"
#include "fanin/fanin.hpp"
#include "fanin/population.hpp"

using namespace fanin;

namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

// Whether f() ran out of memory if this allocation and all later ones fail
template <class F>
bool fails(std::size_t allocation, F&& f) {
  const auto allow = [](std::size_t number) {
    test::first_to_fail.store(number == kNever ? number : test::allocations.load() + number);
  };
  bool failed = false;
  allow(allocation);
  try {
    f();
  } catch (const std::bad_alloc&) {
    failed = true;
  }
  allow(kNever);
  return failed;
}

// f(object of make()) with each of its allocations failing; calls unharmed(object) after each failure
template <class Make, class F, class Unharmed>
void fail_each_allocation(Make&& make, F&& f, Unharmed&& unharmed) {
  for (std::size_t number = 0;; ++number) {
    auto object = make();
    if (!fails(number, [&] { f(object); })) {
      CHECK(number > 0);
      return;
    }
    CAPTURE(number);
    unharmed(object);
  }
}

constexpr std::size_t kRows = 24, kInputs = 3;

struct Table {
  std::vector<float> x, y;
  Table() {
    for (std::size_t i = 0; i < kRows * kInputs; ++i) x.push_back(static_cast<float>(i * 7 % 11) / 11);
    for (std::size_t i = 0; i < kRows; ++i) y.push_back(x[i * kInputs] - x[i * kInputs + 1]);
  }
  DataSet data() const {
    return {row_major<const float>(x.data(), kRows, kInputs), row_major<const float>(y.data(), kRows, 1)};
  }
};

const Table& table() {
  static const Table table;
  return table;
}

std::vector<Method> methods() {
  Method averaged = Nesterov{0.01}, grouped = Adam{0.01};
  averaged.average_decay = 0.9;
  grouped.accumulate = 2;
  grouped.clip_norm = 1;
  grouped.learning_rate = Piecewise{};
  return {SGD{0.01}, Nesterov{0.01}, SchaulVSGD{}, averaged, grouped};
}

std::vector<Layer> layers() {
  BatchNorm exact;
  exact.exact_statistics = true;
  return {{5, activation<Tanh>, Automatic{}, Zeros{}, exact}, Dropout{0.2}, {4, activation<Tanh>}, {1}};
}

Network<float> trained(const Method& method) {
  Network<float> net(kInputs, layers(), SquaredError{}, 3);
  net.set_metadata({{"name", "of this network, long enough for memory of its own"}});
  fit(net, table().data(), method, {.epochs = 2, .batch_size = 8});
  return net;
}

// It is unchanged, can be saved and loaded, and continues training with the same bits.
void check_unharmed(Network<float>& net, const std::vector<std::byte>& before) {
  CHECK(net.to_bytes() == before);
  Network<float> twin = Network<float>::from_bytes(before);
  std::vector<float> out(kRows), expected(kRows);
  net.predict(table().data().x, row_major(out.data(), kRows, 1));
  twin.predict(table().data().x, row_major(expected.data(), kRows, 1));
  CHECK(out == expected);
  fit(net, table().data(), Adam{0.01}, {.epochs = 1, .batch_size = 8});
  fit(twin, table().data(), Adam{0.01}, {.epochs = 1, .batch_size = 8});
  CHECK(net.to_bytes() == twin.to_bytes());
}

struct TrainedNet {
  Network<float> net;
  std::vector<std::byte> before = net.to_bytes();
};

// f(net) for a network trained by this method
template <class F>
void fail_each_allocation_of_net(const Method& method, F&& f) {
  const Network<float> original = trained(method);
  fail_each_allocation([&] { return TrainedNet{original.copy()}; }, [&](TrainedNet& made) { f(made.net); },
                       [](TrainedNet& made) { check_unharmed(made.net, made.before); });
}

}  // namespace

TEST_CASE("an epoch that runs out of memory leaves the network unchanged") {
  for (const Method& before : methods()) {
    for (const Method& then : methods()) {
      fail_each_allocation_of_net(before, [&](Network<float>& net) {
        Training<float> training(net, table().data().x, table().data().y, {.batch_size = 8});
        training.epoch(then);
      });
    }
  }
}

TEST_CASE("a training that ran out of memory can continue") {
  const Network<float> original = trained(SGD{0.01});
  for (const Method& method : methods()) {
    for (std::size_t number = 0;; ++number) {
      Network<float> net = original.copy(), twin = original.copy();
      Training<float> training(net, table().data().x, table().data().y, {.batch_size = 8}),
          of_twin(twin, table().data().x, table().data().y, {.batch_size = 8});
      const bool failed = fails(number, [&] { training.epoch(method); });
      if (failed) training.epoch(method);
      of_twin.epoch(method);
      CHECK(net.to_bytes() == twin.to_bytes());
      if (!failed) break;
    }
  }
}

TEST_CASE("exact statistics that run out of memory leave the network unchanged") {
  fail_each_allocation_of_net(Adam{0.01}, [&](Network<float>& net) {
    Training<float> training(net, table().data().x, table().data().y, {.batch_size = 8});
    training.exact_statistics();
  });
}

TEST_CASE("calls on a network that run out of memory leave it unchanged") {
  std::vector<float> values(kInputs * 5);
  const std::string path =
      (std::filesystem::temp_directory_path() / ("fanin_out_of_memory_" + std::to_string(::getpid())))
          .string();
  const std::vector<std::function<void(Network<float>&)>> calls = {
      [](Network<float>& net) { net.copy(); },
      [](Network<float>& net) { net.evaluate(table().data().x, table().data().y); },
      [](Network<float>& net) { net.arrays(); },
      [&](Network<float>& net) { net.get_array("layer1.weight", values); },
      [](Network<float>& net) { net.set_metadata({{"another name", "as long as one that needs memory"}}); },
      [](Network<float>& net) { Network<float>::from_bytes(net.to_bytes()); },
      [&](Network<float>& net) { net.save(path); },
      [](Network<float>& net) {
        const Objective<float> objective(net, table().data().x, table().data().y);
        std::vector<float> w(objective.size(), 0.1f), gradient(w.size());
        objective.loss_and_gradient(w, gradient);
      }};
  Method averaged = Nesterov{0.01};
  averaged.average_decay = 0.9;
  for (const auto& call : calls) fail_each_allocation_of_net(averaged, call);
  fail_each_allocation_of_net(averaged, [](Network<float>& net) {
    std::vector<std::vector<float>> arrays;
    std::vector<std::span<const float>> views;
    for (const ArrayShape& array : net.arrays()) arrays.emplace_back(array.rows * array.columns, 0.5f);
    for (const std::vector<float>& array : arrays) views.emplace_back(array);
    net.set_arrays(views);
  });
  std::filesystem::remove(path);
}

TEST_CASE("no file is lost if saving runs out of memory") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("fanin_out_of_memory_of_" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const std::filesystem::path path = folder / "model.safetensors";
  const Network<float> net = trained(Adam{0.01}), other(2, {{1}}, SquaredError{});
  other.save(path);
  const std::vector<std::byte> before = Network<float>::load(path).to_bytes();
  fail_each_allocation([] { return 0; }, [&](int) { net.save(path); },
                       [&](int) {
                         CHECK(Network<float>::load(path).to_bytes() == before);
                         CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
                       });
  fail_each_allocation([] { return 0; }, [&](int) { Network<float>::load(path); }, [](int) {});
  std::filesystem::remove_all(folder);
}

TEST_CASE("a fit that runs out of memory leaves a network that works") {
  FitOptions options{.epochs = 3, .batch_size = 8};
  options.validation = table().data();
  options.early_stopping = EarlyStopping{.patience = 1};
  const Network<float> original = trained(Adam{0.01});
  for (const bool together : {false, true}) {
    fail_each_allocation([&] { return TrainedNet{original.copy()}; },
                         [&](TrainedNet& made) {
                           if (!together) {
                             fit(made.net, table().data(), Nesterov{0.01}, options);
                             return;
                           }
                           Network<float> other = original.copy();
                           const std::vector<Outcome> outcomes =
                               train_together({{&made.net, table().data(), Nesterov{0.01}, options},
                                               {&other, table().data(), Adam{0.01}, options}});
                           for (const Outcome& outcome : outcomes) {
                             if (outcome.error) std::rethrow_exception(outcome.error);
                           }
                         },
                         [](TrainedNet& made) { check_unharmed(made.net, made.net.to_bytes()); });
  }
}

namespace {

struct Arrays {
  std::vector<float> w = std::vector<float>(300, 0.5f), b = {1, 2};
  std::vector<float> dw = std::vector<float>(300, 0.25f), db = {3, -4};
  std::unique_ptr<Optimizer<float>> optimizer;

  explicit Arrays(const Method& method)
      : optimizer(std::make_unique<Optimizer<float>>(method, std::vector<std::span<float>>{w, b},
                                                     std::vector<std::size_t>{3, 0})) {}
  void step() {
    StepInputs<float> inputs;
    if (optimizer->method().rule.get_if<SchaulVSGD>() != nullptr) inputs.second = gradients();
    optimizer->step(gradients(), inputs);
  }
  std::vector<std::span<const float>> gradients() const { return {dw, db}; }
  // the complete state
  std::vector<float> state() const {
    std::vector<float> all = w;
    all.insert(all.end(), b.begin(), b.end());
    for (std::size_t slot = 0; slot < optimizer->slot_names().size(); ++slot) {
      std::vector<float> values(300), two(2);
      optimizer->get_slot(slot, 0, values);
      optimizer->get_slot(slot, 1, two);
      all.insert(all.end(), values.begin(), values.end());
      all.insert(all.end(), two.begin(), two.end());
    }
    const Progress progress = optimizer->progress();
    for (const std::uint64_t n : {progress.steps, progress.averaged, progress.batches}) {
      all.push_back(static_cast<float>(n));
    }
    return all;
  }
};

}  // namespace

TEST_CASE("an optimizer that runs out of memory is unchanged") {
  for (const Method& method : methods()) {
    Method other = method;
    other.average_decay = method.average_decay > 0 ? 0 : 0.5;
    if (method.rule.get_if<SchaulVSGD>() == nullptr) other.accumulate = method.accumulate == 1 ? 3 : 1;
    other.clip_norm = 2;
    other.arrays = {{.rate_scale = 0.5}, {.frozen = true}};
    const std::vector<std::function<void(Arrays&)>> calls = {
        [](Arrays& arrays) { arrays.step(); }, [&](Arrays& arrays) { arrays.optimizer->set_method(other); }};
    for (const auto& call : calls) {
      fail_each_allocation(
          [&] {
            auto arrays = std::make_unique<Arrays>(method);
            arrays->step();
            return arrays;
          },
          [&](const std::unique_ptr<Arrays>& arrays) { call(*arrays); },
          [&](const std::unique_ptr<Arrays>& arrays) {
            Arrays twin(method);
            twin.step();
            CHECK(arrays->state() == twin.state());
            for (Arrays* each : {arrays.get(), &twin}) {
              each->step();
              call(*each);
              each->step();
            }
            CHECK(arrays->state() == twin.state());
          });
    }
  }
}
