#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "base/random.hpp"
#include "fanin/fanin.hpp"
#include "files/json.hpp"

using namespace fanin;

namespace {

const std::filesystem::path kModels = FANIN_TEST_MODELS;

// The data of tests/stored_models.py
struct Data {
  std::vector<double> x;
  std::vector<std::int64_t> y;
  Data() {
    for (int i = 0; i < 40 * 4; ++i) x.push_back(((i * 7) % 11 - 5) / 4.0);
    for (int i = 0; i < 40; ++i) y.push_back(i % 3);
  }
  Samples samples() const { return row_major<const double>(x.data(), 40, 4); }
  Targets targets() const { return std::span<const std::int64_t>(y); }
};

std::vector<std::byte> trained_on(AnyNetwork any) {
  const Data d;
  return std::visit(
      [&]<class T>(Network<T>& net) {
        if (const std::optional<WholeBatch> solver = net.solver()) {
          fit(net, {d.samples(), d.targets()}, *solver, {.epochs = 6});
          return net.to_bytes();
        }
        const std::optional<Method> method = net.method();
        REQUIRE(method.has_value());
        Training<T> training(net, d.samples(), d.targets(), {.batch_size = 16});
        for (int epoch = 0; epoch < 2; ++epoch) training.epoch(*method);
        return net.to_bytes();
      },
      any);
}

std::vector<std::byte> bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

struct Folder {
  // unique: the same test runs for other instruction sets at the same time
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("fanin_test_models_" + std::to_string(std::random_device()()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const FormatError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("a model saved in Python, of any version, continues training in C++ as in Python, bit for bit") {
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kModels)) {
    const std::string later = entry.path().string();
    const std::size_t place = later.find("_later");
    if (place == std::string::npos) continue;
    const std::string path = later.substr(0, place) + later.substr(place + 6);
    CAPTURE(path);
    CHECK(trained_on(load(path)) == std::visit([](const auto& n) { return n.to_bytes(); }, load(later)));
    ++models;
  }
  CHECK(models >= 4);
}

TEST_CASE("the state of a rule goes from a network to another with the same weights") {
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kModels)) {
    if (entry.path().filename().string().starts_with("table_")) continue;
    CAPTURE(entry.path());
    const AnyNetwork any = load(entry.path());
    std::visit(
        [&]<class T>(const Network<T>& net) {
          if (!net.method()) return;
          Network<T> other = net.copy();
          other.set_rule_progress(SGD{}, {});
          CHECK(other.rule_progress().arrays.empty());
          CHECK(other.to_bytes() != net.to_bytes());
          other.set_rule_progress(*net.method(), net.rule_progress());
          CHECK(other.to_bytes() == net.to_bytes());
          ++models;
        },
        any);
  }
  CHECK(models >= 4);
}

TEST_CASE("a state that is not the rule's is refused, and nothing changes") {
  Network<float> net(2, {{1}}, SquaredError{});
  const std::vector<float> weight(2), bias(1), none(1, std::nanf(""));
  net.set_rule_progress(Momentum{},
                        {3, 0, 0, {{"rule.v.layer1.weight", weight}, {"rule.v.layer1.bias", bias}}});
  const std::vector<std::byte> before = net.to_bytes();
  const auto refused = [&](const Method& method, const RuleProgress<float>& progress, const char* message) {
    CHECK_THROWS_WITH_AS(net.set_rule_progress(method, progress), message, ValueError);
  };
  refused(SGD{-1}, {}, "learning_rate: expected a number in [0, infinity), got -1");
  refused(Momentum{}, {}, "rule.v.layer1.weight: missing");
  refused(Momentum{}, {0, 0, 0, {{"rule.v.layer1.weight", bias}}},
          "rule.v.layer1.weight: expected 2 elements, got 1");
  refused(Momentum{}, {0, 0, 0, {{"rule.v.layer1.weight", weight}, {"rule.v.layer1.bias", none}}},
          "rule.v.layer1.bias: element 0 is nan");
  refused(SGD{}, {0, 0, 0, {{"rule.m.layer1.bias", bias}}}, "arrays: sgd has no \"rule.m.layer1.bias\"");
  refused(SGD{}, {2, 0, 3}, "averaged: expected at most the number of steps, 2, got 3");
  CHECK(net.to_bytes() == before);
}

TEST_CASE("a file holds what to_bytes returns, and both load as the same network") {
  const Folder folder;
  Network<double> net(3, {{5, activation<Tanh>, Sparse{2, 0.25}, Constant{0.1}}, {2}},
                      Quantile{{{0.1, 0.9}, 2}}, 7);
  net.set_metadata({{"unit", "kWh"}});
  net.save(folder.path / "model");
  CHECK(bytes_of(folder.path / "model") == net.to_bytes());
  const Network<double> again = Network<double>::load(folder.path / "model");
  CHECK(again.to_bytes() == net.to_bytes());
  CHECK(Network<double>::from_bytes(net.to_bytes()).metadata().at("unit") == "kWh");
  CHECK(std::get<Sparse>(std::get<Dense>(again.layers()[0].kind).initializer).connections == 2);
  CHECK(std::get<Quantile>(again.loss()).levels.value[1] == 0.9);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);  // nothing is left over
}

TEST_CASE("names of columns are saved and copied, and invalid ones are refused") {
  Network<float> net(3, {{2}}, SquaredError{});
  const std::vector<std::byte> without = net.to_bytes();
  const ColumnNames names{{"X", {"age", "\xC3\xA9\"\n", ""}}, {"y", {"low", "high"}}};
  net.set_column_names(names);
  CHECK(Network<float>::from_bytes(net.to_bytes()).column_names() == names);
  CHECK(net.copy().column_names() == names);
  const auto refused = [&](ColumnNames wrong, const char* message) {
    CHECK_THROWS_WITH_AS(net.set_column_names(std::move(wrong)), message, ValueError);
  };
  refused({{"X", {"a", "b"}}}, "columns: X: expected 3 names, got 2");
  refused({{"y", {"a", "b", "c"}}}, "columns: y: expected 2 names, got 3");
  refused({{"y", {"a", "a"}}}, "columns: y: \"a\" occurs twice; expected distinct names");
  refused({{"Z", {}}}, "columns: expected names for X and y, got \"Z\"");
  refused({{"y", {"a", "\xFF"}}}, "columns: y: expected text in UTF-8, got byte 0 of a name");
  refused({{"y", {"a", std::string(6 << 20, 'b')}}},
          "columns: expected at most 6 MiB of text, got 6291467 bytes");
  CHECK(net.column_names() == names);
  net.set_column_names({});
  CHECK(net.to_bytes() == without);
}

TEST_CASE("the largest allowed column names and metadata fit into a file together") {
  Network<float> net(1, {{1}}, SquaredError{});
  net.set_metadata({{"", std::string(1 << 20, 'a')}});
  net.set_column_names({{"X", {std::string((6 << 20) - 5, 'b')}}});
  CHECK(Network<float>::from_bytes(net.to_bytes()).to_bytes() == net.to_bytes());
}

TEST_CASE("a model of the other precision, and a missing file, are refused with a message") {
  const Network<float> net(1, {{1}}, SquaredError{});
  CHECK(message_of([&] { Network<double>::from_bytes(net.to_bytes()); }) ==
        "bytes: expected a model in float64, got one in float32");
  CHECK_THROWS_WITH_AS(load("nowhere/model"), "nowhere/model: No such file or directory", FileError);
  CHECK_THROWS_AS(net.save("nowhere/model"), FileError);
}

TEST_CASE("random damage to a file never does more than throw FormatError") {
  const std::vector<std::byte> good = bytes_of(kModels / "v1_float32_nesterov.safetensors");
  const Philox random(1, 2);
  int refused = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    std::vector<std::byte> bad = good;
    for (std::uint64_t k = 0; k < 1 + i % 5; ++k) {
      const auto draw = random.block(i * 8 + k);
      bad[below(random.bits(i * 8 + k), static_cast<std::uint32_t>(bad.size()))] =
          static_cast<std::byte>(draw[2]);
      if (draw[3] % 16 == 0) bad.resize(draw[3] % bad.size());
    }
    try {
      from_bytes(bad);
    } catch (const FormatError&) {
      ++refused;
    }
  }
  CHECK(refused > 1500);  // bytes of weights may change
}

TEST_CASE("doubles in JSON read back as the same bits") {
  const Philox random(3, 4);
  json::Writer out;
  std::vector<double> values = {0, -0.0, 1, 0.1, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::uint64_t bits = random.bits(i);
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (value - value == 0) values.push_back(value);
  }
  out.begin_array();
  for (const double value : values) out.number(value);
  out.end_array();
  const json::Document document("text", out.text());
  const std::vector<json::Value> read = document.root().elements();
  REQUIRE(read.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = read[i].number();
    CHECK(std::memcmp(&value, &values[i], sizeof value) == 0);
  }
}

TEST_CASE("strings in JSON read back, whatever their characters") {
  std::string all;
  for (int c = 0; c < 127; ++c) all += static_cast<char>(c);
  all += "\u00fc\u20ac\U0001f600";
  json::Writer out;
  out.string(all);
  CHECK(json::Document("text", out.text()).root().string() == all);
  CHECK(json::Document("text", "\"\\u00fc\\u20AC\\ud83d\\ude00\\/\"").root().string() ==
        "\u00fc\u20ac\U0001f600/");
}
