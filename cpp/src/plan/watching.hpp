// Measures a watched step, on all threads of its team.
#pragma once

#include <algorithm>
#include <vector>

#include "plan/gathered.hpp"
#include "plan/node.hpp"
#include "plan/watch.hpp"
#include "rules/matrices.hpp"

namespace fanin {

template <class T>
class Watching {
 public:
  // Takes what it needs for these values and arrays; weights are kept only for matrices, which are updated as
  // a whole.
  void allocate(Watch::State& state, const Value<T>& inputs, const NodeList<T>& nodes,
                const ParameterTable& table, const Matrices<T>& matrices);
  bool on() const { return state_ != nullptr; }

  // The members call these together: `keep`, the updates, `compare`, a barrier; `units`, a barrier; and then
  // one of them `add`, which is given whether the step before was watched, too.
  void keep(const T* parameters, Range range);
  // update(range), which changes parameters in a range of the flat buffer by this gradient
  template <class F>
  void around(const T* gradient, const T* parameters, Range range, F&& update);
  void compare(const T* gradient, const T* parameters, Range range);
  void units(Member member, Batch batch);
  void add(Batch batch, bool successive);

 private:
  static constexpr std::size_t kRun = 4096, kSample = 256;  // weights
  static constexpr std::size_t kSums = 5;
  // A part of an array within a run; the sums of squares over it. Changes are compared with those of the step
  // before in its first weights.
  struct Piece {
    std::size_t array, begin, end, sample;
    bool of_matrix;
    double gradient = 0, weight = 0, change = 0, product = 0, square = 0, square_before = 0;
  };
  struct Watched {
    const Value<T>* value;
    std::size_t layer;
    T flat_below;
    Buffer<T> sums;
  };

  void measure(Piece& piece, const T* gradient, const T* parameters, T* before);
  template <class F>
  void for_pieces(Range range, F&& f);

  Watch::State* state_ = nullptr;
  std::vector<Piece> pieces_;
  std::vector<Watched> values_;
  std::vector<std::size_t> elements_;  // of the arrays
  Buffer<T> kept_, changes_;           // weights of matrices, and a sample of the last changes
};

template <class T>
template <class F>
void Watching<T>::for_pieces(Range range, F&& f) {
  auto piece = std::lower_bound(pieces_.begin(), pieces_.end(), range.begin,
                                [](const Piece& p, std::size_t at) { return p.begin < at; });
  for (; piece != pieces_.end() && piece->begin < range.end; ++piece) f(*piece);
}

template <class T>
template <class F>
void Watching<T>::around(const T* gradient, const T* parameters, Range range, F&& update) {
  alignas(64) T before[kRun];
  for_pieces(range, [&](Piece& piece) {
    if (piece.of_matrix) return;
    std::copy(parameters + piece.begin, parameters + piece.end, before);
    update(Range{piece.begin, piece.end});
    measure(piece, gradient, parameters, before);
  });
}

extern template class Watching<float>;
extern template class Watching<double>;

}  // namespace fanin
