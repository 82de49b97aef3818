// Checks of arguments, before anything is written. Each throws ValueError with a sentence.
#pragma once

#include <string>

#include "fanin/network.hpp"

namespace fanin {

std::string number_text(double x);
std::string shape_text(std::size_t rows, std::size_t columns);

void check_architecture(std::size_t inputs, const std::vector<Dense>& layers);
void check_rule(const Rule& rule);

// X: the number of columns, and values that are finite in T
template <class T>
void check_samples(const Samples& x, std::size_t inputs);

// y against the network's loss and outputs: kind, shape, finite values, labels in 0..outputs-1
template <class T>
void check_targets(const Targets& y, std::size_t rows, std::size_t outputs, Loss loss);

}  // namespace fanin
