// Checks of arguments, before anything is written. Each throws ValueError with a sentence.
#pragma once

#include <map>
#include <string>

#include "fanin/network.hpp"

namespace fanin {

std::string number_text(double x);
std::string shape_text(std::size_t rows, std::size_t columns);

// how the sentences about a layer begin, which is counted from 0
std::string layer_text(std::size_t layer);

// `text` begins the sentences
void check_batch_norm(const BatchNorm& norm, const std::string& text);
void check_architecture(std::size_t inputs, const std::vector<Layer>& layers);
void check_method(const Method& method);
// that options of arrays, if there are any, are for so many
void check_arrays(const Method& method, std::size_t count);
void check_metadata(const std::map<std::string, std::string>& metadata);
void check_loss(const Loss& loss, std::size_t outputs);

// What x and y must be for a network: all shapes come first, as they cost nothing to check, then every value.
// Values are finite in T, labels in 0..outputs-1.
template <class T>
void check_samples(const Samples& x, std::size_t inputs);
template <class T>
void check_targets(const Targets& y, SampleWeights weights, std::size_t rows, std::size_t outputs,
                   const Loss& loss);
template <class T>
void check_data(const Samples& x, const Targets& y, SampleWeights weights, std::size_t inputs,
                std::size_t outputs, const Loss& loss);

}  // namespace fanin
