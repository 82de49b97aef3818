// Sums of squares over arrays: the norm of a whole gradient, for clipping by norm; or of all weights.
#pragma once

#include <cmath>
#include <vector>

#include "base/registry.hpp"
#include "team/team.hpp"

namespace fanin {

// Gives the same bits for any number of threads, and for panels as for row-major arrays: squares are added in
// blocks of at most 64 rows and one panel of columns, then the blocks in order, in double. A vector is split
// into rows as wide as a panel.
template <class T>
class SquaredNorm {
 public:
  // A block that begins at `offset` of an array
  struct Block {
    std::size_t array, offset, rows, stride, columns;
  };

  void clear() { blocks_.clear(); }
  // Contiguous values
  void add_vector(std::size_t array, std::size_t offset, std::size_t size);
  // Row-major
  void add_matrix(std::size_t array, std::size_t offset, std::size_t rows, std::size_t columns);
  void add_panels(std::size_t array, std::size_t offset, std::size_t rows, std::size_t columns);
  void allocate() { squares_.assign(blocks_.size(), 0); }
  bool empty() const { return blocks_.empty(); }

  // The members of a team call this together; values(array) points to an array's values, which `limits`
  // changes first. After a barrier, `sum` is the sum.
  template <class Values>
  void square(Member member, const Limits<T>& limits, Values&& values);
  double sum() const {
    double sum = 0;
    for (const double square : squares_) sum += square;
    return sum;
  }

  // Sets the factor in `limits` that reduces the norm of the gradient, already clipped by value, to at most
  // `most`. The members of a team call this together; gradient(array) points to an array's gradient.
  template <class Barrier, class Gradient>
  void limit(Member member, Limits<T>& limits, double most, Barrier&& barrier, Gradient&& gradient);

 private:
  void add_blocks(std::size_t array, std::size_t offset, std::size_t rows, std::size_t stride,
                  std::size_t columns);

  std::vector<Block> blocks_;
  std::vector<double> squares_;
};

template <class T>
template <class Values>
void SquaredNorm<T>::square(Member member, const Limits<T>& limits, Values&& values) {
  const Range mine = Share(member.thread, member.threads, 1).take(blocks_.size(), 1);
  for (std::size_t i = mine.begin; i < mine.end; ++i) {
    const Block& b = blocks_[i];
    const T* at = values(b.array) + b.offset;
    squares_[i] = static_cast<double>(kernels<T>().square_sum(at, b.rows, b.stride, b.columns, limits));
  }
}

template <class T>
template <class Barrier, class Gradient>
void SquaredNorm<T>::limit(Member member, Limits<T>& limits, double most, Barrier&& barrier,
                           Gradient&& gradient) {
  // If squares overflow, or underflow although they matter, scale the gradient and repeat.
  constexpr double unit = sizeof(T) == 4 ? 0x1p80 : 0x1p560, least = sizeof(T) == 4 ? 0x1p-32 : 0x1p-448;
  double scale = 1, norm = 0;
  for (;;) {
    limits.shrink = static_cast<T>(scale);
    square(member, limits, gradient);
    barrier();
    norm = std::sqrt(sum());
    const bool overflows = !(norm < __builtin_inf()), vanishes = norm < least && most < least;
    if (scale != 1 || !(overflows || vanishes)) break;
    barrier();
    scale = overflows ? 1 / unit : unit;
  }
  limits.mean *= static_cast<T>(scale);
  limits.limit *= static_cast<T>(scale);
  limits.shrink = static_cast<T>(norm > most * scale ? most / norm : 1 / scale);
}

extern template class SquaredNorm<float>;
extern template class SquaredNorm<double>;

}  // namespace fanin
