// The same data, seed and hyper-parameters give these bits on every instruction set and any number of
// threads. The numbers below were made once; a change of them is a change of the arithmetic that every user
// would see.
#include <doctest/doctest.h>

#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

// FNV-1a over the bytes of all parameters
template <class T>
std::uint64_t digest(const Network<T>& net) {
  std::uint64_t hash = 0xcbf29ce484222325;
  std::size_t inputs = net.inputs();
  for (std::size_t l = 0; l < net.layers().size(); ++l) {
    const std::size_t units = net.layers()[l].units;
    std::vector<T> weights(inputs * units), biases(units);
    net.get_weights(l, weights, biases);
    for (const auto* part : {&weights, &biases}) {
      const auto* bytes = reinterpret_cast<const unsigned char*>(part->data());
      for (std::size_t i = 0; i < part->size() * sizeof(T); ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    inputs = units;
  }
  return hash;
}

// three epochs of a three-layer net, whose sizes are no multiples of anything
template <class T>
std::uint64_t trained(const Rule& rule, Activation hidden, Loss loss, std::size_t batch_size) {
  const std::size_t rows = 333, inputs = 75, outputs = 11;
  std::vector<float> x(rows * inputs), targets(rows * outputs);
  std::vector<std::int64_t> labels(rows);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(test::uniform(1, i));
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = static_cast<float>(test::uniform(2, i));
  for (std::size_t i = 0; i < rows; ++i)
    labels[i] = static_cast<std::int64_t>(Philox(3, 3).bits(i) % outputs);
  Network<T> net(inputs, {{70, hidden}, {45, activation<Tanh>}, {outputs}}, loss, 5);
  const Targets y = std::holds_alternative<SoftmaxCrossEntropy>(loss)
                        ? Targets(std::span<const std::int64_t>(labels))
                        : Targets(row_major<const float>(targets.data(), rows, outputs));
  Training<T> training(net, row_major<const float>(x.data(), rows, inputs), y, {.batch_size = batch_size});
  for (int epoch = 0; epoch < 3; ++epoch) training.epoch(rule);
  return digest(net);
}

struct Run {
  Rule rule;
  Activation hidden;
  Loss loss;
  std::size_t batch_size;
  std::uint64_t float_digest, double_digest;
};

const Run runs[] = {
    {Adam{}, activation<Relu>, SoftmaxCrossEntropy{}, 64, 0xc53f5577bc17d312, 0x7a4f058d63d120d4},
    {Momentum{}, activation<Logistic>, SquaredError{}, 50, 0x3a479ae3dba66321, 0x2537e512335c3e0c},
    {Sgd{}, activation<Identity>, SoftmaxCrossEntropy{}, 333, 0xf0a6f0661afc004a, 0x70b214fb21ec57b3},
};

}  // namespace

TEST_CASE("trained weights are these bits, for 1, 2, 3 and 7 threads") {
  const int before = cpu::num_threads();
  for (const Run& run : runs) {
    for (const int threads : {1, 2, 3, 7}) {
      cpu::set_num_threads(threads);
      CHECK(trained<float>(run.rule, run.hidden, run.loss, run.batch_size) == run.float_digest);
      CHECK(trained<double>(run.rule, run.hidden, run.loss, run.batch_size) == run.double_digest);
    }
  }
  cpu::set_num_threads(before);
}
