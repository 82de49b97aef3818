// The part of a rule that steps whole matrices: momentum, orthogonalization, update.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/registry.hpp"
#include "rules/rule_state.hpp"
#include "team/team.hpp"

namespace fanin {

// Gives the same bits for any number of threads, and for panels as for row-major arrays: products are those
// of the library's kernel, squares are added in blocks of 64 rows, and the blocks in order, in double.
template <class T>
class Matrices {
 public:
  // Allocates what the method needs for the arrays of a table, stored as panels or row-major
  void plan(const Method& method, const ParameterTable& table, bool panels);
  bool has(std::size_t array) const { return array < is_matrix_.size() && is_matrix_[array]; }
  bool empty() const { return matrices_.empty(); }
  double flops() const { return flops_; }

  // f(range) for each part of a range of the flat buffer that belongs to other arrays
  template <class F>
  void for_others(Range range, F&& f) const;
  // Updates all matrices, by gradient(array) and weights(array). The members of a team call this together; it
  // ends with a barrier.
  template <class Barrier, class Gradient, class Weights>
  void update(Member member, const Update<T>& all, Barrier&& barrier, Gradient&& gradient, Weights&& weights);

 private:
  static constexpr int kIterations = 5;

  struct Penalties {
    double l1, l2, l2_of_sum;
  };
  struct Matrix {
    std::size_t array, offset, rows, columns;
    bool panels;
    Segment segment;  // without penalties, which are part of the momentum
    Penalties penalties;

    bool is_tall() const { return rows > columns; }
    std::size_t smaller() const { return is_tall() ? columns : rows; }
    // Where the run of a row that begins at a multiple of the panel's width is stored
    std::size_t run(std::size_t row, std::size_t column) const {
      return panels ? column * rows + row * padded<T>(columns - column) : row * columns + column;
    }
  };
  // f(row, column, length) for each run of this thread's blocks of 64 rows
  template <class F>
  void for_runs(Member member, const Matrix& of, F&& f) const;

  void take_gradient(Member member, const Matrix& of, const Update<T>& all, const T* g, const T* w, T* m);
  // Divides by the largest magnitude, so that no square overflows; returns it
  double divide(Member member, const Matrix& of);
  // Then by the norm, with 1e-7 added
  void normalize(Member member, const Matrix& of, double largest);
  // gram = x x' or x' x, of the smaller size; then what the iteration multiplies x with
  void square(Member member, const Product<T>& product, std::size_t size) const;
  void mirror(Member member, std::size_t size) const;
  void combine(Member member, std::size_t size) const;
  void improve(Member member, const Matrix& of, const T* x, T* out) const;
  void apply(Member member, const Matrix& of, const Update<T>& all, const T* x, T* w) const;
  T* packing(Member member) const {
    return packing_.data() + static_cast<std::size_t>(member.thread) * Product<T>::kMemory;
  }

  std::vector<char> is_matrix_;
  std::vector<Matrix> matrices_;
  std::vector<Range> others_;
  double flops_ = 0;
  int threads_ = 0;              // that there is memory for
  std::optional<Rule> descent_;  // SGD, which applies a direction
  Buffer<T> x_, next_, gram_, square_, packing_;
  std::vector<double> largest_, squares_;  // of threads, and of blocks of rows
};

template <class T>
template <class F>
void Matrices<T>::for_others(Range range, F&& f) const {
  for (const Range& other : others_) {
    const Range part{std::max(range.begin, other.begin), std::min(range.end, other.end)};
    if (part.begin < part.end) f(part);
  }
}

template <class T>
template <class Barrier, class Gradient, class Weights>
void Matrices<T>::update(Member all_of_team, const Update<T>& all, Barrier&& barrier, Gradient&& gradient,
                         Weights&& weights) {
  const Member member{all_of_team.thread, std::min(all_of_team.threads, threads_)};
  for (const Matrix& of : matrices_) {
    T *x = x_.data(), *next = next_.data(), *const w = weights(of.array);
    const std::size_t size = of.smaller();
    const auto stride = static_cast<std::ptrdiff_t>(of.columns), side = static_cast<std::ptrdiff_t>(size);
    take_gradient(member, of, all, gradient(of.array), w, all.slots + of.offset);
    barrier();
    const double largest = divide(member, of);
    barrier();
    normalize(member, of, largest);
    barrier();
    for (int i = 0; i < kIterations; ++i) {
      const View<T> rows{x, stride, 1}, columns{x, 1, stride}, gram{gram_.data(), side, 1};
      square(member,
             {gram_.data(), side, of.is_tall() ? columns : rows, of.is_tall() ? rows : columns, size,
              of.is_tall() ? of.rows : of.columns, nullptr, Product<T>::kNone},
             size);
      barrier();
      mirror(member, size);
      barrier();
      square(member, {square_.data(), side, gram, gram, size, size, nullptr, Product<T>::kNone}, size);
      barrier();
      combine(member, size);
      barrier();
      improve(member, of, x, next);
      barrier();
      std::swap(x, next);
    }
    apply(member, of, all, x, w);
    barrier();
  }
}

extern template class Matrices<float>;
extern template class Matrices<double>;

}  // namespace fanin
