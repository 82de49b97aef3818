// A table's encoder in a model file: a description as JSON, and all lists of numbers in one tensor.
#pragma once

#include <span>
#include <vector>

#include "fanin/table_encoder.hpp"
#include "files/json.hpp"

namespace fanin {

// Name of the tensor, of type F64 and one dimension
inline constexpr const char* kEncoderTensor = "encoder.numbers";

// Writes the columns as one value, and appends the numbers of their lists.
void write_encoder(json::Writer& out, std::vector<double>& numbers, const TableEncoder& encoder);

// The length of the tensor that a description needs
std::uint64_t count_encoder_numbers(const json::Value& value);

// Throws ValueError for an invalid description, or unless it takes all of the numbers.
TableEncoder read_encoder(const json::Value& value, std::span<const double> numbers);

}  // namespace fanin
