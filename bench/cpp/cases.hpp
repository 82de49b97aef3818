// The cases that fanin_bench times; main.cpp says how it is asked.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <sstream>
#include <string>

namespace fanin_bench {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Weight of an element in a checksum, as the peers form it
inline double checksum_weight(std::size_t i, std::size_t j) {
  return static_cast<double>((3 * i + 5 * j) % 11) - 5;
}

class Case {
 public:
  virtual ~Case() = default;
  // A number that must agree with the peers'
  virtual double check(const std::string& what) = 0;
  // Seconds of n calls
  virtual double run(const std::string& what, std::size_t n) = 0;
};

// TYPE ROWS COLUMNS DEPTH: A (rows, depth), W (depth, columns) and dZ (rows, columns). "forward",
// "input gradient", "weight gradient" or "weight gradient, Adam".
std::unique_ptr<Case> products(std::istringstream& words);

// ROWS MODEL SAMPLES: a model's file, and a file with as many rows of floats. "predict", or "start": load the
// model and predict once.
std::unique_ptr<Case> predictions(std::istringstream& words);

// RULE BATCH INPUTS UNITS ...: training steps of a ReLU net with soft-max cross-entropy. Weights are updated
// inside the blocks of their gradient ("fused"), after the whole gradient has been written ("flat"), or not
// at all ("none"). RULE is sgd, rmsprop or adam.
std::unique_ptr<Case> steps(std::istringstream& words);

}  // namespace fanin_bench
