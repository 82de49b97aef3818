// The norm of a whole gradient, for clipping by it.
#pragma once

#include <cmath>
#include <vector>

#include "base/registry.hpp"
#include "team/team.hpp"

namespace fanin {

// The same bits for every number of threads, and for panels and arrays in rows: squares are added in blocks
// of at most 64 rows and a panel's columns, and the blocks in order, in double. A vector is laid out as rows
// as wide as a panel.
template <class T>
class GradientNorm {
 public:
  // A block of the array with this number begins at `offset`.
  struct Block {
    std::size_t array, offset, rows, stride, columns;
  };

  void clear() { blocks_.clear(); }
  // Values next to each other
  void add_vector(std::size_t array, std::size_t offset, std::size_t size);
  // Rows that are next to each other
  void add_matrix(std::size_t array, std::size_t offset, std::size_t rows, std::size_t columns);
  void add_panels(std::size_t array, std::size_t offset, std::size_t rows, std::size_t columns);
  void allocate() { squares_.assign(blocks_.size(), 0); }

  // Puts into the limits the factor, at most 1, that gives the gradient at most this norm, once it has been
  // clipped by value. Members of a team call it together; gradient(array) is where an array's gradient
  // begins.
  template <class Barrier, class Gradient>
  void limit(Member member, Limits<T>& limits, double most, Barrier&& barrier, Gradient&& gradient);

 private:
  void add_blocks(std::size_t array, std::size_t offset, std::size_t rows, std::size_t stride,
                  std::size_t columns);

  std::vector<Block> blocks_;
  std::vector<double> squares_;
};

template <class T>
template <class Barrier, class Gradient>
void GradientNorm<T>::limit(Member member, Limits<T>& limits, double most, Barrier&& barrier,
                            Gradient&& gradient) {
  const Range mine = Share(member.thread, member.threads, 1).take(blocks_.size(), 1);
  // where squares overflow, or vanish though they count, again with numbers that are much smaller or larger
  constexpr double unit = sizeof(T) == 4 ? 0x1p80 : 0x1p560, least = sizeof(T) == 4 ? 0x1p-32 : 0x1p-448;
  double scale = 1, norm = 0;
  for (;;) {
    limits.shrink = static_cast<T>(scale);
    for (std::size_t i = mine.begin; i < mine.end; ++i) {
      const Block& b = blocks_[i];
      const T* g = gradient(b.array) + b.offset;
      squares_[i] = static_cast<double>(kernels<T>().square_sum(g, b.rows, b.stride, b.columns, limits));
    }
    barrier();
    double sum = 0;
    for (const double square : squares_) sum += square;
    norm = std::sqrt(sum);
    const bool overflows = !(norm < __builtin_inf()), vanishes = norm < least && most < least;
    if (scale != 1 || !(overflows || vanishes)) break;
    barrier();
    scale = overflows ? 1 / unit : unit;
  }
  limits.mean *= static_cast<T>(scale);
  limits.limit *= static_cast<T>(scale);
  limits.shrink = static_cast<T>(norm > most * scale ? most / norm : 1 / scale);
}

extern template class GradientNorm<float>;
extern template class GradientNorm<double>;

}  // namespace fanin
