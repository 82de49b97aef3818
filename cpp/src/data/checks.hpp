// Checks of arguments, before anything is written. Each throws ValueError.
#pragma once

#include "data/input_map.hpp"
#include "data/sequence_order.hpp"
#include "fanin/network.hpp"

namespace fanin {

const Loss& checked_loss(const Loss& loss, std::size_t outputs);

// Requirements of a network on x and y: all shapes first, because they are cheap to check, then every value.
// Values must be finite in T, labels in 0..outputs-1. An input layer accepts all finite numbers, and perhaps
// missing ones.
template <class T>
void check_samples(const Samples& x, std::size_t inputs, const InputLayer& layer,
                   Checks checks = Checks::all);
// Whether the samples are sequences, if a network needs those, each with at least one step
void check_sequences(const Samples& x, Over over);
// Of sequences into windows of so many steps, or 0: every step needs an output, and every window an update
void check_truncation(Over over, std::size_t truncation);
void check_accumulate(std::size_t accumulate, std::size_t truncation);
// Throws unless the input layer, if there is one, has learned.
void check_learned(const InputLayer& layer);
// Batch norm divides by the standard deviation over the rows.
void check_batch(std::size_t rows, bool batch_norm);
// The largest weight of all ranks, if there are several
template <class T>
void check_targets(const Targets& y, SampleWeights weights, std::size_t rows, std::size_t outputs,
                   const Loss& loss, Checks checks = Checks::all, double largest_weight = 0);
template <class T>
void check_data(const Samples& x, const Targets& y, SampleWeights weights, std::size_t inputs,
                std::size_t outputs, const Loss& loss, const InputLayer& layer, Over over,
                Checks checks = Checks::all, double largest_weight = 0);

}  // namespace fanin
