#include "plan/watching.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/dot.hpp"
#include "base/registry.hpp"
#include "plan/executor.hpp"

namespace fanin {
namespace {

// A small derivative, as a share of the largest
constexpr double kSmall = 0.05;

// The largest f'(z) of an activation
template <class T>
T largest_derivative(int activation) {
  constexpr std::size_t n = 256;
  T z[n], a[n], slopes[n], ones[n];
  for (std::size_t i = 0; i < n; ++i) {
    z[i] = static_cast<T>((static_cast<double>(i) - n / 2.0) / 16);
    ones[i] = 1;
  }
  kernels<T>().activate(activation, a, z, n);
  kernels<T>().activate_backward(activation, slopes, ones, z, n);
  return *std::max_element(slopes, slopes + n);
}

// Of a run of the flat buffer, whose length is a multiple of half a panel
template <class T>
double sum_of_squares(const T* values, std::size_t n) {
  constexpr std::size_t panel = kPanel<T>;
  const std::size_t rows = n / panel, rest = n % panel;
  double sum = rows > 0 ? static_cast<double>(kernels<T>().square_sum(values, rows, panel, panel, {})) : 0;
  if (rest > 0) {
    sum += static_cast<double>(kernels<T>().square_sum(values + rows * panel, 1, panel, rest, {}));
  }
  return sum;
}

// f(z), before any dropout
template <class T>
Panels<T> activations(const Value<T>& value, Batch batch) {
  return value.ahead ? value.out(batch) : value.panels(value.a, batch);
}

}  // namespace

template <class T>
void Watching<T>::allocate(Watch::State& state, const Value<T>& inputs, const NodeList<T>& nodes,
                           const ParameterTable& table, const Matrices<T>& matrices) {
  if (on() && (kept_.size() == 0) == matrices.empty()) return;
  std::vector<std::pair<std::string, const Value<T>*>> values{{"inputs", &inputs}};
  for (const auto& node : nodes) node->show(values);
  std::vector<std::string> layers, arrays;
  std::vector<std::size_t> units;
  std::vector<Watched> watched;
  for (const auto& [name, value] : values) {
    if (value->columns == 0) continue;
    const T largest = largest_derivative<T>(value->activation);
    watched.push_back({value, layers.size(), static_cast<T>(kSmall) * largest,
                       Buffer<T>(kSums * rounded<T>(value->columns))});
    layers.push_back(name);
    units.push_back(value->columns);
  }
  std::vector<Piece> pieces;
  std::size_t sample = 0;
  for (std::size_t i = 0; i < table.trained.size(); ++i) {
    const ParameterArray& array = table.trained[i];
    arrays.push_back(array.name());
    const std::size_t end = array.offset + Panels<T>{nullptr, array.rows, array.columns}.size();
    for (std::size_t begin = array.offset; begin < end; begin = pieces.back().end) {
      const std::size_t end_of_run = std::min(end, (begin / kRun + 1) * kRun);
      pieces.push_back({i, begin, end_of_run, sample, matrices.has(i)});
      sample += std::min(end_of_run - begin, kSample);
    }
  }
  Buffer<T> changes(sample), kept(matrices.empty() ? 0 : table.size);
  state.name(std::move(layers), units, std::move(arrays));
  values_ = std::move(watched);
  pieces_ = std::move(pieces);
  elements_.clear();
  for (const ParameterArray& array : table.trained) elements_.push_back(array.elements());
  changes_ = std::move(changes);
  kept_ = std::move(kept);
  state_ = &state;
}

template <class T>
void Watching<T>::keep(const T* parameters, Range range) {
  if (kept_.size() == 0) return;
  for_pieces(range, [&](Piece& piece) {
    if (!piece.of_matrix) return;
    std::copy(parameters + piece.begin, parameters + piece.end, kept_.data() + piece.begin);
  });
}

template <class T>
void Watching<T>::compare(const T* gradient, const T* parameters, Range range) {
  if (kept_.size() == 0) return;
  for_pieces(range, [&](Piece& piece) {
    if (piece.of_matrix) measure(piece, gradient, parameters, kept_.data() + piece.begin);
  });
}

// `before` becomes the change of the weights.
template <class T>
void Watching<T>::measure(Piece& piece, const T* gradient, const T* parameters, T* before) {
  const std::size_t n = piece.end - piece.begin, few = std::min(n, kSample);
  piece.gradient = sum_of_squares(gradient + piece.begin, n);
  piece.weight = sum_of_squares(before, n);
  kernels<T>().add_weighted(before, parameters + piece.begin, before, T{-1}, n);
  piece.change = sum_of_squares(before, n);
  const std::span<T> last(changes_.data() + piece.sample, few), now(before, few);
  const auto product = [](std::span<const T> a, std::span<const T> b) { return dot(a, b); };
  piece.product = product(now, last);
  piece.square = product(now, now);
  piece.square_before = product(last, last);
  std::copy(now.begin(), now.end(), last.begin());
}

template <class T>
void Watching<T>::units(Member member, Batch batch) {
  for (const Watched& watched : values_) {
    const Value<T>& value = *watched.value;
    const Batch own = value.own(batch);
    const Panels<T> a = activations(value, own);
    kernels<T>().watch_units(
        {watched.sums.data(), rounded<T>(value.columns), read_only(a), read_only(value.panels(value.z, own)),
         read_only(value.panels(value.dz, own)), value.activation, watched.flat_below},
        Executor<T>::share(member, a.count()));
  }
}

template <class T>
void Watching<T>::add(Batch batch, bool successive) {
  for (const Watched& watched : values_) {
    const Value<T>& value = *watched.value;
    const auto rows = static_cast<double>(value.own(batch).rows);
    const std::size_t stride = rounded<T>(value.columns);
    double gradient = 0;
    for (std::size_t unit = 0; unit < value.columns; ++unit) {
      const auto sum = [&](std::size_t k) {
        return static_cast<double>(watched.sums.data()[k * stride + unit]);
      };
      state_->add_layer(watched.layer, rows, unit, {sum(4), sum(0), sum(1), sum(2), sum(3)});
      gradient += sum(3);
    }
    if (value.needs_gradient) state_->end_layer(watched.layer, rows, gradient);
  }
  double product = 0, square = 0, square_before = 0;
  for (std::size_t i = 0; i < pieces_.size();) {
    Watch::State::Array sums;
    const std::size_t array = pieces_[i].array;
    for (; i < pieces_.size() && pieces_[i].array == array; ++i) {
      const Piece& piece = pieces_[i];
      sums.gradient += piece.gradient;
      sums.weight += piece.weight;
      sums.update += piece.change;
      product += piece.product;
      square += piece.square;
      square_before += piece.square_before;
    }
    const auto count = static_cast<double>(elements_[array]);
    state_->add_array(array, {sums.gradient / count, sums.weight / count, sums.update / count});
  }
  state_->add_step();
  if (successive) state_->add_cosine(product, square, square_before);
}

template class Watching<float>;
template class Watching<double>;

}  // namespace fanin
