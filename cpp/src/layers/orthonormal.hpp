// Orthonormal rows, by the method of Gram and Schmidt.
#pragma once

#include <cstddef>

namespace fanin {

// Makes the rows of v (count, length), count <= length, orthonormal. Row i becomes what is left of it without
// its projections on the rows before it, over its norm: v = R' Q with an upper triangular R whose diagonal is
// positive. So normal random rows become a frame for which no rotation is more likely than another (Mezzadri
// 2007). Takes about 4 count^2 length flops.
void orthonormalize(double* v, std::size_t count, std::size_t length);

}  // namespace fanin
