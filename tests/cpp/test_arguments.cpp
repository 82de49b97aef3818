// Invalid arguments that compile: null pointers, moved-from objects, numbers that are not in a list,
// overlapping memory; and labels of any type.
#include <doctest/doctest.h>

#include <limits>

#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

template <class T>
constexpr MatrixView<const T> null_view(std::size_t rows, std::size_t columns) {
  return row_major<const T>(nullptr, rows, columns);
}

template <class T>
std::vector<T> numbered(std::size_t size) {
  std::vector<T> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<T>(i % 7 + 1) / 4;
  return values;
}

template <class T>
Network<T> regression() {
  return {2, {{3, Tanh{}}, {1}}, SquaredError{}, 1};
}

}  // namespace

#define CHECK_REFUSED(call, message) CHECK_THROWS_WITH_AS(call, message, ValueError)

TEST_CASE_TEMPLATE("null pointers are refused by the name of the argument", T, float, double) {
  const std::vector<T> x = numbered<T>(20);
  std::vector<T> out(20), other(20);
  const MatrixView<const T> some = row_major(x.data(), 5, 2), w = row_major(x.data(), 2, 2);
  const MatrixView<T> to = row_major(out.data(), 5, 2);
  const auto null = null_view<T>(5, 2);
  const std::span<const T> b(x.data(), 2), no(static_cast<const T*>(nullptr), 2);
  CHECK_REFUSED(dense<T>(row_major<T>(nullptr, 5, 2), some, w, b), "out: expected data, got a null pointer");
  CHECK_REFUSED(dense<T>(to, null, w, b), "x: expected data, got a null pointer");
  CHECK_REFUSED(dense<T>(to, some, null_view<T>(2, 2), b), "w: expected data, got a null pointer");
  CHECK_REFUSED(dense<T>(to, some, w, no), "b: expected data, got a null pointer");
  CHECK_REFUSED(dense_backward<T>(to, {}, {}, null, some, w), "dz: expected data, got a null pointer");
  CHECK_REFUSED(activate<T>(Relu{}, std::span<T>(out).first(2), no), "z: expected data, got a null pointer");
  CHECK_REFUSED(loss_and_gradient<T>(SquaredError{}, {}, null, some), "a: expected data, got a null pointer");
  CHECK_REFUSED(loss_and_gradient<T>(SquaredError{}, {}, some, null), "y: expected data, got a null pointer");
  CHECK_REFUSED(loss_outputs<T>(Poisson{}, to, null), "a: expected data, got a null pointer");
  const std::span<T> m(other.data(), 2), v(other.data() + 2, 2), o(other.data() + 4, 2);
  CHECK_REFUSED(batch_norm<T>(to, m, v, o, null, b, b, 1e-3), "x: expected data, got a null pointer");
  CHECK_REFUSED(batch_norm<T>(to, m, v, o, some, no, b, 1e-3), "gamma: expected data, got a null pointer");
  CHECK_REFUSED(batch_norm_inference<T>(to, some, no, b, b, b, 1e-3),
                "mean: expected data, got a null pointer");

  Network<T> net = regression<T>();
  const Targets y = row_major(x.data(), 5, 1);
  const MatrixView<T> predicted = row_major(out.data(), 5, 1);
  CHECK_REFUSED(net.predict(null, predicted), "X: expected data, got a null pointer");
  CHECK_REFUSED(net.predict(NumberMatrix{NumberType::int8, nullptr, 5, 2, 2, 1}, predicted),
                "X: expected data, got a null pointer");
  CHECK_REFUSED(net.predict(some, row_major<T>(nullptr, 5, 1)), "out: expected data, got a null pointer");
  CHECK_FALSE(net.try_predict(null, predicted));
  CHECK_REFUSED(net.evaluate(some, null_view<T>(5, 1)), "y: expected data, got a null pointer");
  CHECK_REFUSED(net.evaluate(some, y, {static_cast<const double*>(nullptr), 5}),
                "sample_weight: expected data, got a null pointer");
  CHECK_REFUSED(Training<T>(net, null, y), "X: expected data, got a null pointer");
  CHECK_REFUSED(Objective<T>(net, null, y), "X: expected data, got a null pointer");
  CHECK_REFUSED(net.set_array("layer1.bias", {static_cast<const T*>(nullptr), 3}),
                "layer1.bias: expected data, got a null pointer");
  CHECK_REFUSED(train_together({{static_cast<Network<T>*>(nullptr), {some, y}, SGD{}}}),
                "network: expected a network, got a null pointer");

  using Spans = std::vector<std::span<T>>;
  CHECK_REFUSED(Optimizer<T>(SGD{}, Spans{{static_cast<T*>(nullptr), 4}}),
                "arrays[0]: expected data, got a null pointer");
  Optimizer<T> optimizer(SGD{}, Spans{std::span<T>(out).first(4)});
  CHECK_REFUSED(optimizer.step({{static_cast<const T*>(nullptr), 4}}),
                "gradients[0]: expected data, got a null pointer");
  CHECK_REFUSED(optimizer.get_weights(0, {static_cast<T*>(nullptr), 4}),
                "array 0: expected data, got a null pointer");
}

TEST_CASE_TEMPLATE("a moved-from object is refused", T, float, double) {
  const std::vector<T> x = numbered<T>(10);
  std::vector<T> out(5);
  const Samples samples = row_major(x.data(), 5, 2);
  const Targets y = row_major(x.data(), 5, 1);
  const MatrixView<T> predicted = row_major(out.data(), 5, 1);
  Network<T> net = regression<T>(), other = std::move(net);
  const char* const message = "network: used after being moved from";
  CHECK_REFUSED(net.predict(samples, predicted), message);
  CHECK_FALSE(net.try_predict(samples, predicted));
  CHECK_REFUSED(net.evaluate(samples, y), message);
  CHECK_REFUSED(net.inputs(), message);
  CHECK_REFUSED(net.copy(), message);
  CHECK_REFUSED(net.to_bytes(), message);
  CHECK_REFUSED(net.arrays(), message);
  CHECK_REFUSED(net.method(), message);
  CHECK_REFUSED(net.set_metadata({}), message);
  CHECK_REFUSED(Training<T>(net, samples, y), message);
  CHECK_REFUSED(Objective<T>(net, samples, y), message);
  CHECK_REFUSED(fit(net, {samples, y}, SGD{}), message);
  CHECK(other.try_predict(samples, predicted));
  net = std::move(other);
  CHECK(net.try_predict(samples, predicted));

  // a training follows its network
  Training<T> training(net, samples, y);
  Network<T> moved = std::move(net);
  CHECK(training.epoch(SGD{}).share == 1);
  CHECK(moved.epochs() == 1);

  Optimizer<T> optimizer(SGD{}, {std::span<T>(out)}), second = std::move(optimizer);
  CHECK_REFUSED(optimizer.step({std::span<const T>(x).first(5)}), "optimizer: used after being moved from");
  CHECK_REFUSED(optimizer.steps(), "optimizer: used after being moved from");
  CHECK_REFUSED(optimizer.set_method(SGD{}), "optimizer: used after being moved from");
  second.step({std::span<const T>(x).first(5)});
  CHECK(second.steps() == 1);
}

TEST_CASE("a number that is not an activation is refused") {
  std::vector<float> a(4), z(4), w(1);
  for (const int place : {-1, Activations::size, 1 << 30}) {
    const Activation none{place};
    const std::string message =
        "activation: expected one of 14 activations, got number " + std::to_string(place);
    CHECK_REFUSED(activate<float>(none, a, z), message.c_str());
    CHECK_REFUSED(activate_backward<float>(none, a, z, z), message.c_str());
    CHECK_REFUSED(dense<float>(row_major(a.data(), 4, 1), row_major(z.data(), 4, 1),
                               row_major(w.data(), 1, 1), {}, none),
                  message.c_str());
  }
}

TEST_CASE("an activation is given by its type or by its index") {
  static_assert(Activation(Relu{}) == activation<Relu>);
  static_assert(static_cast<int>(activation<Tanh>) == index_in<Tanh, Activations>);
  const std::vector<float> z = {-1, 2};
  std::vector<float> a(2);
  activate<float>(Relu{}, a, z);
  CHECK(a == std::vector<float>{0, 2});
  const auto bytes_of = [](const Layer& hidden) {
    return Network<float>(2, {hidden, {1}}, SquaredError{}, 3).to_bytes();
  };
  CHECK(bytes_of({4, Relu{}}) == bytes_of({4, activation<Relu>}));
  CHECK(bytes_of(Dense{4, Relu{}}) == bytes_of({4, activation<Relu>}));
}

TEST_CASE_TEMPLATE("labels of all integer types are equivalent", S, bool, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t,
                   char, long long) {
  const std::vector<float> x = numbered<float>(14);
  S labels[7];
  std::vector<std::int64_t> expected;
  for (std::size_t i = 0; i < 7; ++i) {
    labels[i] = static_cast<S>(i % 2);
    expected.push_back(i % 2);
  }
  const Samples samples = row_major(x.data(), 7, 2);
  const auto trained = [&](const Targets& y) {
    Network<float> net(2, {{4, Tanh{}}, {2}}, SoftmaxCrossEntropy{}, 1);
    fit(net, {samples, y}, Adam{}, {.epochs = 2, .batch_size = 3});
    const Evaluation e = net.evaluate(samples, y);
    const double loss = loss_and_gradient<float>(SoftmaxCrossEntropy{}, {}, row_major(x.data(), 7, 2), y);
    return std::tuple(net.to_bytes(), e.loss, e.metric, loss);
  };
  CHECK(trained(labels) == trained(expected));
  CHECK(trained(std::span<const S>(labels)) == trained(expected));
}

TEST_CASE("labels out of range are reported by value") {
  const std::vector<float> x = numbered<float>(4);
  const auto loss_of = [&](const Targets& y) {
    return loss_and_gradient<float>(SoftmaxCrossEntropy{}, {}, row_major(x.data(), 2, 2), y);
  };
  const std::vector<std::uint64_t> huge = {1, std::numeric_limits<std::uint64_t>::max()};
  const std::vector<std::int8_t> negative = {0, -1};
  CHECK_REFUSED(loss_of(huge), "y: row 1 is 18446744073709551615; labels must be in 0..1 for 2 outputs");
  CHECK_REFUSED(loss_of(negative), "y: row 1 is -1; labels must be in 0..1 for 2 outputs");
  CHECK_REFUSED(loss_of(Labels(numbers(row_major(x.data(), 2, 1)))), "y: expected labels of an integer type");
  CHECK_REFUSED(loss_of(std::span<const std::int8_t>(static_cast<std::int8_t*>(nullptr), 2)),
                "y: expected data, got a null pointer");
}

TEST_CASE_TEMPLATE("outputs that share memory with inputs are refused, unless they are the input", T, float,
                   double) {
  std::vector<T> memory = numbered<T>(64);
  const std::vector<T> before = memory;
  const std::span<T> all(memory);
  Network<T> net = regression<T>();
  CHECK_REFUSED(net.predict(row_major<const T>(memory.data(), 5, 2), row_major(memory.data() + 9, 5, 1)),
                "out: expected memory apart from the inputs, but it overlaps X");
  const NumberMatrix bytes{NumberType::uint8, reinterpret_cast<const std::byte*>(memory.data()), 5, 2, 2, 1};
  CHECK_FALSE(net.try_predict(bytes, row_major(memory.data(), 5, 1)));
  CHECK_REFUSED(activate<T>(Tanh{}, all.first(9), all.subspan(1, 9)),
                "out: expected memory apart from the inputs, but it overlaps z");
  Optimizer<T> optimizer(SchaulVSGD{}, {all.first(4), all.subspan(4, 4)});
  const std::vector<std::span<const T>> gradients = {all.subspan(8, 4), all.subspan(12, 4)};
  CHECK_REFUSED(optimizer.shifted(gradients, {all.subspan(16, 4), all.subspan(11, 4)}),
                "out[1]: expected memory apart from the inputs, but it overlaps gradients[0]");
  CHECK_REFUSED(optimizer.shifted(gradients, {all.subspan(16, 4), all.subspan(18, 4)}),
                "out[1]: expected memory apart from the other outputs, but it overlaps out[0]");
  CHECK_REFUSED(optimizer.get_weights(1, all.subspan(2, 4)),
                "array 1: expected memory apart from the arrays, but it overlaps arrays[0]");
  CHECK_REFUSED(optimizer.get_slot(0, 0, all.subspan(7, 4)),
                "slot 0, array 0: expected memory apart from the arrays, but it overlaps arrays[1]");
  CHECK(memory == before);

  const Samples x = row_major<const T>(before.data(), 5, 2);
  const Objective<T> objective(net, x, row_major<const T>(before.data() + 10, 5, 1));
  std::vector<T> w(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(objective.size())),
      gradient(w);
  const double loss = objective.loss_and_gradient(w, gradient);
  CHECK(objective.loss_and_gradient(w, w) == loss);
  CHECK(w == gradient);
}

TEST_CASE_TEMPLATE("strides of axes of length one are ignored", T, float, double) {
  constexpr std::size_t k = 40, n = 100;
  const std::vector<T> x = numbered<T>(k), w = numbered<T>(k * n), b = numbered<T>(n);
  std::vector<T> expected(n), out(n);
  dense<T>(row_major(expected.data(), 1, n), row_major(x.data(), 1, k), row_major(w.data(), k, n), b, Tanh{});
  for (const std::ptrdiff_t stride : {std::ptrdiff_t{0}, std::ptrdiff_t{-3}, std::ptrdiff_t{1} << 60}) {
    out.assign(n, T{});
    dense<T>({out.data(), 1, n, stride, 1}, {x.data(), 1, k, stride, 1}, row_major(w.data(), k, n), b,
             Tanh{});
    CHECK(out == expected);
  }
  Network<T> net(1, {{1}}, SquaredError{}, 1);
  std::vector<T> column(k), again(k);
  net.predict(row_major(x.data(), k, 1), row_major(column.data(), k, 1));
  net.predict(MatrixView<const T>{x.data(), k, 1, 1, -7}, {again.data(), k, 1, 1, 99});
  CHECK(again == column);
}
