// Networks that ranks train on rows of a function, dealt among them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "threads_as_ranks.hpp"

namespace fanin::test {

// y = sin 3 x0 + x1, with weights 1, 2, 3, 1, ...
struct Wave {
  std::vector<double> x, y, weights;
  explicit Wave(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double a = std::fmod(0.37 * static_cast<double>(i), 2.0) - 1,
                   b = std::fmod(0.11 * static_cast<double>(i), 2.0);
      x.insert(x.end(), {a, b});
      y.push_back(std::sin(3 * a) + b);
      weights.push_back(static_cast<double>(1 + i % 3));
    }
  }
  // Every row whose turn it is, as cards are dealt
  Wave dealt(std::size_t rank, std::size_t ranks) const {
    Wave part(0);
    for (std::size_t i = rank; i < y.size(); i += ranks) part.append(*this, i, 1);
    return part;
  }
  void append(const Wave& from, std::size_t first, std::size_t count) {
    const auto at = [](std::size_t i) { return static_cast<std::ptrdiff_t>(i); };
    x.insert(x.end(), from.x.begin() + at(2 * first), from.x.begin() + at(2 * (first + count)));
    y.insert(y.end(), from.y.begin() + at(first), from.y.begin() + at(first + count));
    weights.insert(weights.end(), from.weights.begin() + at(first), from.weights.begin() + at(first + count));
  }
  DataSet rows(bool weighted = false) const {
    return {row_major(x.data(), y.size(), 2), row_major(y.data(), y.size(), 1),
            weighted ? SampleWeights(weights) : SampleWeights()};
  }
};

inline Network<double> new_net(std::uint64_t seed = 3) {
  return {2, {{12, activation<Tanh>}, {8, activation<Tanh>}, {1}}, SquaredError{}, seed};
}

inline std::vector<double> values_of(const Network<double>& net) {
  std::vector<double> all;
  for (const ArrayShape& array : net.arrays()) {
    std::vector<double> values(array.rows * array.columns);
    net.get_array(array.name, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

inline double largest_difference(const Network<double>& a, const Network<double>& b) {
  const std::vector<double> of_a = values_of(a), of_b = values_of(b);
  REQUIRE(of_a.size() == of_b.size());
  double largest = 0;
  for (std::size_t i = 0; i < of_a.size(); ++i) largest = std::max(largest, std::abs(of_a[i] - of_b[i]));
  return largest;
}

// Each rank fits `make_net(rank)` to its part of the rows; then all have the same network, which is returned.
template <class MakeNet>
Network<double> fit_by_ranks(std::size_t ranks, const Wave& all, const Method& method, FitOptions options,
                             MakeNet&& make_net, bool weighted = false) {
  std::vector<std::vector<std::byte>> files(ranks);
  std::vector<double> losses(ranks);
  run_ranks(ranks, [&](Communicator& own) {
    const Wave part = all.dealt(own.rank(), own.size());
    Network<double> net = make_net(own.rank());
    FitOptions chosen = options;
    chosen.communicator = &own;
    const History history = fit(net, part.rows(weighted), method, chosen);
    losses[own.rank()] = history.epochs.back().loss;
    files[own.rank()] = net.to_bytes();
  });
  for (std::size_t rank = 1; rank < ranks; ++rank) {
    CHECK(files[rank] == files[0]);
    CHECK(losses[rank] == losses[0]);
  }
  return Network<double>::from_bytes(files[0]);
}

inline std::string error_of_ranks(std::size_t ranks, const std::function<void(Communicator&)>& f) {
  std::vector<std::string> errors(ranks);
  run_ranks(ranks, [&](Communicator& own) {
    try {
      f(own);
    } catch (const std::exception& error) {
      errors[own.rank()] = error.what();
    }
  });
  // the likely cause is that of a rank's data
  const auto what = [](const std::string& error) { return error.substr(0, error.find("; the weights")); };
  for (const std::string& error : errors) CHECK(what(error) == what(errors[0]));
  return errors[0];
}

}  // namespace fanin::test
