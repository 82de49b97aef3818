// Numbers of any type, converted to the type of the arithmetic.
#pragma once

#include "fanin/views.hpp"
#include "kernels/table.hpp"

namespace fanin {

// Every value of these is finite, in float too.
inline bool is_whole(NumberType type) { return type < NumberType::float16; }

// out[j] = element (row, columns.begin + j), with one rounding
template <class T>
void convert_row(T* out, const NumberMatrix& m, std::size_t row, Range columns);

}  // namespace fanin
