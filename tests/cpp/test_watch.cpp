#include <doctest/doctest.h>

#include <cmath>

#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

struct Samples3 {
  std::vector<double> x, y;
  Samples3() {
    for (int i = 0; i < 300; ++i) {
      x.push_back(std::sin(i));
      y.push_back(x.back() * x.back());
    }
  }
  DataSet rows() const {
    return {row_major<const double>(x.data(), 100, 3), row_major<const double>(y.data(), 100, 3)};
  }
};

Network<double> watched_net() {
  return {3,
          {{16, activation<Relu>}, {8, activation<Tanh>, Automatic{}, Zeros{}, BatchNorm{}}, {3}},
          SquaredError{},
          1};
}

}  // namespace

TEST_CASE("a watched fit has the same bits, and a record for each epoch") {
  const Samples3 data;
  for (const Method& method : {Method(Adam{0.01}), Method(Muon{}), Method(SchaulVSGD{})}) {
    Network<double> plain = watched_net(), net = watched_net();
    Watch watch(2);
    fit(plain, data.rows(), method, {.epochs = 4, .batch_size = 16});
    fit(net, data.rows(), method, {.epochs = 4, .batch_size = 16, .watch = &watch});
    CHECK(net.to_bytes() == plain.to_bytes());
    REQUIRE(watch.records().size() == 4);
    CHECK(watch.layers() == std::vector<std::string>{"inputs", "layer1", "layer2", "layer3"});
    CHECK(watch.arrays().front() == "layer1.weight");
    CHECK(watch.records().back().epoch == 4);
    CHECK(watch.records().back().steps == 28);
    for (const Watch::Record& record : watch.records()) {
      CHECK(record.arrays.front().weight > 0);
      CHECK(record.layers[1].deviation > 0);
      CHECK(std::isnan(record.layers[0].gradient));
    }
    CHECK(watch.records().back().arrays.front().update > 0);
    CHECK(watch.units(1).mean.size() == 16);
    CHECK(watch.units(1).rows > 0);
  }
}

TEST_CASE("a watch chooses how often to look, and less often at tiny steps") {
  const Samples3 data;
  Network<double> small = watched_net(),
                  large{3, {{512, activation<Relu>}, {512, activation<Relu>}, {3}}, SquaredError{}, 1};
  Watch of_small, of_large;
  fit(small, data.rows(), Adam{0.01}, {.epochs = 1, .batch_size = 1 + 1, .watch = &of_small});
  fit(large, data.rows(), Adam{0.01}, {.epochs = 1, .batch_size = 100, .watch = &of_large});
  CHECK(of_small.every() == 64);
  CHECK(of_large.every() == 32);
  CHECK(of_small.first_loss() > 0);
}

TEST_CASE("a watch is for the fit of one network") {
  const Samples3 data;
  Network<double> net = watched_net(), other{3, {{5}, {3}}, SquaredError{}, 1};
  Watch watch;
  const FitOptions options{.epochs = 1, .watch = &watch};
  fit(net, data.rows(), Adam{0.01}, options);
  const std::vector<std::byte> before = other.to_bytes();
  CHECK_THROWS_WITH_AS(fit(other, data.rows(), Adam{0.01}, options),
                       "watch: expected a watch of its own for each network", ValueError);
  CHECK(other.to_bytes() == before);
  CHECK(watch.records().size() == 1);
}

TEST_CASE("layers below the lowest trained one have no gradient, and frozen arrays no updates") {
  const Samples3 data;
  Network<double> net = watched_net();
  Method method = Adam{0.01};
  method.arrays = {{.frozen = true}, {.frozen = true}, {}, {}, {}, {}, {}};
  Watch watch(1);
  fit(net, data.rows(), method, {.epochs = 1, .watch = &watch});
  CHECK(std::isnan(watch.records().front().layers[1].gradient));
  CHECK(watch.records().front().layers[2].gradient > 0);
  CHECK(watch.records().front().arrays.front().update == 0);
}

TEST_CASE("nothing is watched before a fit") {
  const Watch watch;
  CHECK(watch.records().empty());
  CHECK(watch.layers().empty());
  CHECK(std::isnan(watch.first_loss()));
}
