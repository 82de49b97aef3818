// The same data, seed and hyper-parameters give these bits on every instruction set and any number of
// threads. The numbers below are stored results; if they change, so does the arithmetic that every user sees.
#include <doctest/doctest.h>

#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

// FNV-1a over the bytes of all parameters and of batch-norm statistics
template <class T>
std::uint64_t digest_of_vector(const std::vector<T>& values, std::uint64_t hash = 0xcbf29ce484222325) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (std::size_t i = 0; i < values.size() * sizeof(T); ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

template <class T>
std::uint64_t digest(const Network<T>& net) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const ArrayShape& array : net.arrays()) {
    std::vector<T> values(array.rows * array.columns);
    net.get_array(array.name, values);
    hash = digest_of_vector(values, hash);
  }
  return hash;
}

// Labels, or targets of the kind and range of the loss
struct MadeTargets {
  std::vector<std::int64_t> labels;
  std::vector<float> values;
  std::size_t columns;

  MadeTargets(const Loss& loss, std::size_t rows, std::size_t outputs, bool soft) : columns(outputs) {
    const bool classes = std::holds_alternative<SoftmaxCrossEntropy>(loss) && !soft;
    if (std::holds_alternative<Quantile>(loss)) columns = 1;
    for (std::size_t i = 0; i < rows && classes; ++i) {
      labels.push_back(static_cast<std::int64_t>(Philox(3, 3).bits(i) % outputs));
    }
    const double low = std::visit([](const auto& l) { return l.target_range.low; }, loss);
    for (std::size_t i = 0; i < rows * columns && !classes; ++i) {
      const auto value = static_cast<float>(test::uniform(2, i));
      values.push_back(low == 0 && value < 0 ? -value : value);
    }
  }
  Targets view(std::size_t rows) const {
    if (!labels.empty()) return std::span<const std::int64_t>(labels);
    return row_major<const float>(values.data(), rows, columns);
  }
};

struct Setting {
  Rule rule;
  Activation hidden;
  Loss loss;
  std::size_t batch_size;
  bool weighted = false, soft = false;
  std::optional<BatchNorm> batch_norm = {};
};

// Three epochs of a three-layer network with sizes that are not multiples of any block
template <class T>
std::uint64_t trained(const Setting& s) {
  const std::size_t rows = 333, inputs = 75, outputs = 11;
  std::vector<float> x(rows * inputs);
  std::vector<double> weights(s.weighted ? rows : 0);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(test::uniform(1, i));
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 1 + test::uniform(4, i);
  const MadeTargets y(s.loss, rows, outputs, s.soft);
  std::vector<Layer> layers{{70, s.hidden}, {45, activation<Tanh>}, {outputs}};
  for (Layer& layer : layers) std::get<Dense>(layer.kind).batch_norm = s.batch_norm;
  Network<T> net(inputs, layers, s.loss, 5);
  Training<T> training(net, row_major<const float>(x.data(), rows, inputs), y.view(rows),
                       {.batch_size = s.batch_size}, weights);
  for (int epoch = 0; epoch < 3; ++epoch) training.epoch(s.rule);
  return digest(net);
}

Quantile eleven_levels() {
  Quantile loss;
  loss.levels.count = 11;
  for (std::size_t j = 0; j < 11; ++j) loss.levels.value[j] = static_cast<double>(j + 1) / 12;
  return loss;
}

struct Run {
  Setting setting;
  std::uint64_t float_digest, double_digest;
};

const Run runs[] = {
    {{Adam{}, activation<Relu>, SoftmaxCrossEntropy{}, 64}, 0x110334c8f9e3b18a, 0x015e152a821537fe},
    {{Momentum{}, activation<Logistic>, SquaredError{}, 50}, 0xba1f87c3188e6dde, 0x69ffa478b92acfc5},
    {{SGD{}, activation<Identity>, SoftmaxCrossEntropy{}, 333}, 0x363d3f693d1e6dac, 0xa8af0b9318ba0817},
    {{Adam{}, activation<SymmetricLogistic>, SquaredError{}, 64, true},
     0x3ecbd7684f11a65d,
     0x0cebe363da6ccf1d},
    {{Adam{}, activation<LeakyRelu>, AbsoluteError{}, 64}, 0x920eea4d665c0187, 0xa95362ba06f4c1d1},
    {{Adam{}, activation<Elu>, Huber{.delta = 0.25}, 64, true}, 0x8347d9381ab5a8e7, 0xf332506365a7d3c5},
    {{Adam{}, activation<Selu>, eleven_levels(), 64, true}, 0x195a0cfc4615e4d5, 0x1091f84a157fa399},
    {{Adam{}, activation<Softplus>, Poisson{}, 64, true}, 0x823588eb7e1343ed, 0x3e76bce3557624ff},
    {{Adam{}, activation<Softsign>, LogisticLoss{}, 64, true}, 0x62d24940223266ab, 0xc4c45eb922fbe775},
    {{Adam{}, activation<Gelu>, SoftmaxCrossEntropy{}, 64, true}, 0x85c972aaba4508ae, 0xc2484e5dfddf5b2f},
    {{Adam{}, activation<GeluTanh>, SoftmaxCrossEntropy{.label_smoothing = 0.1}, 64},
     0xea9fbeeeb2353e19,
     0xfc165039b78d97b7},
    {{Adam{}, activation<Silu>, SoftmaxCrossEntropy{}, 64, true, true},
     0xcba5a0a207a12d08,
     0x086020ce1d650aba},
    {{Adam{}, activation<Mish>, SoftmaxCrossEntropy{.label_smoothing = 0.1}, 64, false, true},
     0x4fa5f5bfb1fceced,
     0xe2864c5d16fcf935},
    {{Adam{}, activation<Relu>, SoftmaxCrossEntropy{}, 64, false, false, BatchNorm{}},
     0xf18703b4cfdc4941,
     0x3b3b20463560e183},
    {{Momentum{}, activation<Gelu>, SquaredError{}, 166, true, false, BatchNorm{1e-3, 0.5, true}},
     0xdfdb1a40942b6438,
     0x5051d236855f0d75},
};

}  // namespace

TEST_CASE("trained weights have these bits, for 1, 2, 3 and 7 threads") {
  const int before = cpu::num_threads();
  for (const Run& run : runs) {
    for (const int threads : {1, 2, 3, 7}) {
      cpu::set_num_threads(threads);
      CAPTURE(&run - runs);
      CHECK(trained<float>(run.setting) == run.float_digest);
      CHECK(trained<double>(run.setting) == run.double_digest);
    }
  }
  cpu::set_num_threads(before);
}

TEST_CASE_TEMPLATE("an autoencoder with tied weights has the stored bits", T, float, double) {
  const std::size_t rows = 333, inputs = 75;
  std::vector<float> x(rows * inputs);
  std::vector<T> out(rows * inputs);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(test::uniform(1, i));
  const auto view = row_major<const float>(x.data(), rows, inputs);
  for (const int threads : {1, 2, 3, 7}) {
    cpu::set_num_threads(threads);
    Network<T> net(inputs, {{70, activation<Gelu>}, {9}, Tied{2, activation<Tanh>}, Tied{1}}, SquaredError{},
                   5);
    Training<T> training(net, view, view, {.batch_size = 50});
    for (int epoch = 0; epoch < 3; ++epoch) training.epoch(Adam{});
    net.predict(view, row_major<T>(out.data(), rows, inputs));
    CHECK(digest(net) == (sizeof(T) == 4 ? 17409765191301670572U : 2990882653376622973U));
    CHECK(digest_of_vector(out) == (sizeof(T) == 4 ? 13716482049505237918U : 8057124493854909593U));
  }
  cpu::set_num_threads(0);
}

TEST_CASE_TEMPLATE("fits by solvers have the stored bits", T, float, double) {
  const std::size_t rows = 333, inputs = 13;
  std::vector<float> x(rows * inputs);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(test::uniform(1, i));
  const MadeTargets y(SoftmaxCrossEntropy{}, rows, 3, false);
  const auto digest_of = [&](const WholeBatch& method, std::size_t epochs, std::size_t units = 20) {
    Network<T> net(inputs, {{units, activation<Tanh>}, {3}}, SoftmaxCrossEntropy{}, 5);
    fit(net, {row_major<const float>(x.data(), rows, inputs), y.view(rows)}, method, {.epochs = epochs});
    return digest(net);
  };
  const bool single = sizeof(T) == 4;
  for (const int threads : {1, 3}) {
    cpu::set_num_threads(threads);
    CHECK(digest_of(WholeBatch(LBFGS{}, 1e-3), 20) ==
          (single ? 18357060324385069362U : 15972189086689756490U));
    CHECK(digest_of(ConjugateGradient{}, 20) == (single ? 12493930228824939142U : 6616139266679290332U));
    CHECK(digest_of(WholeBatch(HessianFree{.cg_iterations = 8, .sample = 0.3}, 1e-3), 4) ==
          (single ? 7542155687783072791U : 2685675499017755426U));
    if (!single) CHECK(digest_of(WholeBatch(LevenbergMarquardt{}, 1e-3), 3, 5) == 8349537969573797188U);
  }
  cpu::set_num_threads(0);
}

TEST_CASE_TEMPLATE("second derivatives have the stored bits", T, float, double) {
  const std::size_t rows = 333, inputs = 13;
  std::vector<float> x(rows * inputs);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(test::uniform(1, i));
  const MadeTargets y(SoftmaxCrossEntropy{}, rows, 3, false);
  const Network<T> net(
      inputs, {{40, activation<Gelu>}, Residual{{{40, activation<Tanh>}}}, {35, activation<Mish>}, {3}},
      SoftmaxCrossEntropy{}, 5);
  const Samples samples = row_major<const float>(x.data(), rows, inputs);
  for (const int threads : {1, 3}) {
    cpu::set_num_threads(threads);
    const Objective<T> objective(net, samples, y.view(rows));
    std::vector<T> w(objective.size()), v(w.size()), of_hessian(w.size()), of_gauss_newton(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] = static_cast<T>(test::uniform(2, i)) / 4;
      v[i] = static_cast<T>(test::uniform(3, i));
    }
    objective.hessian_product(w, v, of_hessian);
    objective.gauss_newton_product(w, v, of_gauss_newton);
    CHECK(digest_of_vector(of_hessian) == (sizeof(T) == 4 ? 1081965557144970489U : 14092146630292204403U));
    CHECK(digest_of_vector(of_gauss_newton) ==
          (sizeof(T) == 4 ? 2628302519182748250U : 12429278782847574621U));
  }
  cpu::set_num_threads(0);
}
