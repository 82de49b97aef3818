// What input layers do with missing values.
#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// A missing value (NaN) is refused, or replaced by the mean or the median of its column in the training set.
// With `indicators`, each column that had missing values there gets a column after those of X, in order: 1
// where the value was missing, else 0.
enum class Missing { error, mean, median };

inline constexpr const char* missing_names[] = {"error", "mean", "median"};

}  // namespace fanin
