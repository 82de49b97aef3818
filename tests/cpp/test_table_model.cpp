#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

const std::filesystem::path kStoredModels = FANIN_TEST_MODELS;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Columns "x" and "job", as a program has them
struct Rows {
  std::vector<double> x{1, 2, 2.5, kMissing, 100};
  std::vector<std::string_view> job{"clerk", "smith", {}, "baker", "pilot"};
  Table table() const { return {{"unknown", "job", "x"}, {x, job, x}}; }
};

TableEncoder small_encoder() {
  const std::vector<double> x{0, 1, 2, 3, kMissing};
  return TableEncoder(
      {learn_numbers("x", x, 3), learn_category("job", {{"baker", 1}, {"clerk", 2}, {"smith", 2}}, 5, 1)});
}
constexpr std::size_t kInputs =
    1 + 1 + 3 + 3;  // of the encoder: x, whether it is missing, its bins, and jobs

std::vector<Network<float>> small_networks(Loss loss, std::size_t outputs, std::size_t count) {
  std::vector<Network<float>> networks;
  for (std::size_t m = 0; m < count; ++m) {
    networks.emplace_back(kInputs, std::vector<Layer>{{4, activation<Tanh>}, {outputs}}, loss, m + 1);
  }
  return networks;
}

std::vector<double> predicted(const TableModel& model, std::vector<double>* spread = nullptr) {
  const Rows rows;
  std::vector<double> out(rows.x.size() * model.outputs());
  MatrixView<double> of_spread;
  if (spread != nullptr) {
    spread->assign(out.size(), -1);
    of_spread = row_major(spread->data(), rows.x.size(), model.outputs());
  }
  model.predict(rows.table(), row_major(out.data(), rows.x.size(), model.outputs()), of_spread);
  return out;
}

std::vector<float> member_outputs(const Network<float>& net) {
  const Rows rows;
  const CodedTable coded = small_encoder().encode(rows.table());
  std::vector<float> out(coded.rows * net.outputs());
  net.predict(coded.view(), row_major(out.data(), coded.rows, net.outputs()));
  return out;
}

}  // namespace

TEST_CASE("a prediction is the weighted mean of the members' targets, each in its units and clipped") {
  const std::vector<Network<float>> twins = small_networks(SquaredError{}, 2, 2);
  const TargetScale first{10, 2, 9, 11}, second{-1, 100, -50, 50};
  const TableModel model(small_encoder(), small_networks(SquaredError{}, 2, 2), {3, 1},
                         {{}, {first, second}});
  std::vector<double> spread;
  const std::vector<double> out = predicted(model, &spread);
  const std::vector<float> a = member_outputs(twins[0]), b = member_outputs(twins[1]);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const TargetScale& target = i % 2 == 0 ? first : second;
    const auto value = [&](float output) {
      return std::clamp(static_cast<double>(output) * target.scale + target.mean, target.low, target.high);
    };
    const double one = value(a[i]), other = value(b[i]), mean = (3 * one + other) / 4;
    CHECK(out[i] == doctest::Approx(mean).epsilon(1e-14));
    const double variance = (3 * (one - mean) * (one - mean) + (other - mean) * (other - mean)) / 4;
    CHECK(spread[i] == doctest::Approx(std::sqrt(variance)).epsilon(1e-12));
  }
  CHECK(predicted(model) == out);
}

TEST_CASE("one logistic output gives the probabilities of two labels, and several outputs have the sum 1") {
  const TableModel two(small_encoder(), small_networks(LogisticLoss{}, 1, 1), {1}, {{"no", "yes"}, {}});
  const std::vector<float> p = member_outputs(two.networks()[0]);
  const std::vector<double> out = predicted(two);
  for (std::size_t i = 0; i < p.size(); ++i) {
    CHECK(out[2 * i + 1] == static_cast<double>(p[i]));
    CHECK(out[2 * i] == 1 - static_cast<double>(p[i]));
  }
  const TableModel three(small_encoder(), small_networks(SoftmaxCrossEntropy{}, 3, 3), {.2, .3, .5},
                         {{"a", "b", "c"}, {}});
  const std::vector<double> shares = predicted(three);
  for (std::size_t i = 0; i < shares.size(); i += 3) {
    CHECK(shares[i] + shares[i + 1] + shares[i + 2] == doctest::Approx(1).epsilon(1e-15));
  }
}

TEST_CASE("a model of tables loads as it was saved") {
  TableModel model(small_encoder(), small_networks(SoftmaxCrossEntropy{}, 3, 2), {1, 2},
                   {{"a", "\u00fc\n", ""}, {}});
  model.set_metadata({{"unit", "kWh"}});
  const TableModel again = table_model_from_bytes(model.to_bytes());
  CHECK(again.to_bytes() == model.to_bytes());
  CHECK(again.metadata().at("unit") == "kWh");
  CHECK(again.task().labels[1] == "\u00fc\n");
  CHECK(predicted(again) == predicted(model));
}

TEST_CASE("a model of tables saved in Python predicts raw rows with the same bits") {
  const TableModel model = load_table_model(kStoredModels / "table_v1.safetensors");
  CHECK(model.task().labels == std::vector<std::string>{"no", "yes"});
  // as tests/small_table_model.py prints them
  const std::vector<double> expected = {
      0.5653307636578878, 0.43466923634211224, 0.5577583909034729, 0.4422416090965271, 0.43587726354599,
      0.56412273645401,   0.40127583344777423, 0.5987241665522257, 0.396040399869283,  0.6039596001307169};
  CHECK(predicted(model) == expected);
}

TEST_CASE("labels of a row that may have several keep the mean probability of each") {
  const TableModel model(small_encoder(), small_networks(LogisticLoss{}, 2, 2), {1, 3},
                         {{"red", "blue"}, {}});
  CHECK(model.several_labels());
  CHECK_FALSE(TableModel(small_encoder(), small_networks(LogisticLoss{}, 1, 1), {1}, {{"no", "yes"}, {}})
                  .several_labels());
  CHECK_FALSE(
      TableModel(small_encoder(), small_networks(SoftmaxCrossEntropy{}, 2, 1), {1}, {{"no", "yes"}, {}})
          .several_labels());
  const std::vector<float> a = member_outputs(model.networks()[0]), b = member_outputs(model.networks()[1]);
  const std::vector<double> out = predicted(model);
  for (std::size_t i = 0; i < out.size(); ++i) {
    CHECK(out[i] == doctest::Approx((static_cast<double>(a[i]) + 3 * static_cast<double>(b[i])) / 4));
  }
}

TEST_CASE("quantiles of each member are sorted, and so are their means") {
  const Quantile levels{{{.1, .5, .9}, 3}};
  const TableModel model(small_encoder(), small_networks(levels, 3, 2), {1, 1},
                         {{}, {{1, 10, -3, 3}, {1, 10, -3, 3}, {1, 10, -3, 3}}});
  const std::vector<float> a = member_outputs(model.networks()[0]), b = member_outputs(model.networks()[1]);
  const std::vector<double> out = predicted(model);
  bool crossed = false;
  for (std::size_t i = 0; i < out.size(); i += 3) {
    std::vector<float> of_a(&a[i], &a[i] + 3), of_b(&b[i], &b[i] + 3);
    crossed = crossed || !std::ranges::is_sorted(of_a);
    std::ranges::sort(of_a);
    std::ranges::sort(of_b);
    for (std::size_t j = 0; j < 3; ++j) {
      const auto value = [](float output) {
        return std::clamp(static_cast<double>(output) * 10 + 1, -3.0, 3.0);
      };
      CHECK(out[i + j] == doctest::Approx((value(of_a[j]) + value(of_b[j])) / 2).epsilon(1e-14));
    }
    CHECK(std::is_sorted(&out[i], &out[i] + 3));
  }
  CHECK(crossed);
}

TEST_CASE("models of several labels and of quantiles saved in Python predict raw rows with the same bits") {
  const TableModel labels = load_table_model(kStoredModels / "table_labels_v1.safetensors");
  CHECK(labels.several_labels());
  CHECK(labels.task().labels == std::vector<std::string>{"red", "green", "blue"});
  // as tests/small_table_model.py prints them
  CHECK(predicted(labels) ==
        std::vector<double>{0.5487120548884074, 0.5037378072738647, 0.4947405159473419, 0.4012041985988617,
                            0.48436333735783893, 0.528655469417572, 0.4265933930873871, 0.4827057321866353,
                            0.4419669012228648, 0.6016538143157959, 0.46375469366709393, 0.4858620961507162,
                            0.37913188338279724, 0.44568053881327313, 0.4389564295609792});
  const TableModel quantiles = load_table_model(kStoredModels / "table_quantiles_v1.safetensors");
  CHECK_FALSE(quantiles.several_labels());
  CHECK(predicted(quantiles) ==
        std::vector<double>{0.06512791911760968, 1.0768320704810321, 3.7623861034711203, -2.364777187506358,
                            0.3701892221967378, 2.1482713371515274, -2.221497436364492, -1.0896480977535248,
                            0.30467675129572536, -0.7706575275709231, 0.7524725397427883, 3.0419375399748487,
                            -4.744110584259033, -1.1908167004585266, 0.11626764883597696});
}

TEST_CASE("a network and a model of tables are not taken for each other") {
  const Network<float> net(1, {{1}}, SquaredError{});
  CHECK_THROWS_WITH_AS(table_model_from_bytes(net.to_bytes()),
                       "bytes: a network, which fanin::load and fanin.load read; expected a model of tables",
                       FormatError);
  const TableModel model(small_encoder(), small_networks(LogisticLoss{}, 1, 1), {1}, {{"no", "yes"}, {}});
  CHECK_THROWS_WITH_AS(
      from_bytes(model.to_bytes()),
      "bytes: a model of tables, which fanin::load_table_model and the estimators of fanin.sklearn "
      "read; expected a network",
      FormatError);
}

TEST_CASE("parts that do not fit together, and views of another shape, are refused") {
  const auto refused = [](std::size_t outputs, std::vector<double> weights, TableTask task,
                          const char* message) {
    CHECK_THROWS_WITH_AS(TableModel(small_encoder(), small_networks(SquaredError{}, outputs, 1),
                                    std::move(weights), std::move(task)),
                         message, ValueError);
  };
  refused(1, {1}, {}, "task: expected either labels or targets");
  refused(1, {1}, {{"a"}, {}}, "task: expected two or more labels, got 1");
  refused(1, {1}, {{}, {{0, kMissing}}},
          "task: expected targets with a finite mean and scale, and low <= high");
  refused(1, {1}, {{}, {{0, 1, 2, 1}}},
          "task: expected targets with a finite mean and scale, and low <= high");
  refused(1, {}, {{}, {{}}}, "weights: expected one for each of 1 networks, got 0");
  refused(1, {0}, {{}, {{}}}, "weights: expected finite numbers above 0, got 0");
  refused(2, {1}, {{}, {{}}}, "member 1: expected 8 inputs and 1 outputs, got 8 and 2");
  refused(1, {1}, {{"a", "b", "c"}, {}}, "member 1: expected 8 inputs and 3 outputs, got 8 and 1");
  const auto not_together = [](std::vector<Network<float>> networks, std::vector<double> weights,
                               const char* message) {
    CHECK_THROWS_WITH_AS(TableModel(small_encoder(), std::move(networks), std::move(weights), {{}, {{}, {}}}),
                         message, ValueError);
  };
  not_together(small_networks(Quantile{{{.9, .1}, 2}}, 2, 1), {1},
               "member 1: expected quantiles in ascending order");
  std::vector<Network<float>> others = small_networks(SquaredError{}, 2, 1);
  others.push_back(std::move(small_networks(AbsoluteError{}, 2, 1)[0]));
  not_together(std::move(others), {1, 1}, "member 2: expected the loss of member 1");
  CHECK_THROWS_WITH_AS(TableModel(small_encoder(), {}, {}, {{}, {{}}}),
                       "networks: expected at least one, got none", ValueError);
  const TableModel model(small_encoder(), small_networks(SquaredError{}, 1, 1), {1}, {{}, {{}}});
  const Rows rows;
  std::vector<double> out(5);
  CHECK_THROWS_WITH_AS(model.predict(rows.table(), row_major(out.data(), 4, 1)),
                       "out: expected shape (5, 1), got (4, 1)", ValueError);
  CHECK_THROWS_WITH_AS(model.predict({{"x"}, {rows.x}}, row_major(out.data(), 5, 1)),
                       "X: missing column \"job\"", ValueError);
}
