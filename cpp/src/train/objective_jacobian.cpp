// Jacobians of an objective, and Gauss and Newton's matrix, which is made of them.
#include <algorithm>

#include "base/panel_rows.hpp"
#include "data/checks.hpp"
#include "fanin/error.hpp"
#include "plan/step_curvature.hpp"
#include "train/objective_state.hpp"

namespace fanin {
namespace {

constexpr std::size_t kJacobianBytes = 1UL << 20;  // of rows of a Jacobian at a time: they stay in L2
template <class T>
constexpr std::size_t kLeastRows = 4 * kDepth<T>;  // for each pass over the sums

}  // namespace

template <class T>
void Objective<T>::State::check_dense(const char* what) const {
  if (!reads_codes(x, layers)) return;
  throw ValueError(std::string("network: expected no PiecewiseLinear and no OneHot for ") + what);
}

template <class T>
void Objective<T>::State::jacobian(std::span<const T> w, bool root, std::span<const std::uint32_t> rows,
                                   std::span<T> to, T* e) {
  const std::lock_guard<std::mutex> lock(calls);
  check_dense("a Jacobian");
  Step<T>& some = curvature();
  DataSource<T> source = data();
  std::vector<std::uint32_t> chosen(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) chosen[i] = order[rows[i]];
  CurvatureAt<T> place = at(source, w, {});
  if (!rows.empty()) {
    forget_place();
    source.order = chosen.data();
    place.batch.rows = rows.size();
    place.same = place.same_rows = false;
  }
  const std::size_t n = w.size(), outputs = nodes.outputs();
  Buffer<T> memory(Panels<T>{nullptr, kRowBlock, n}.size());
  const bool done = call(some, [&](Member member) {
    return some.for_each_output(member, place, root, e, [&](Batch block, std::size_t k) {
      for (std::size_t row = 0; member.thread == 0 && row < block.rows; row += kRowBlock) {
        const Range rows{row, std::min(row + kRowBlock, block.rows)};
        const Panels<T> panels{memory.data(), rows.end - rows.begin, n};
        some.rows_of_jacobian(block, rows, panels);
        for (std::size_t i = rows.begin; i < rows.end; ++i) {
          T* const out = to.data() + ((block.row + i) * outputs + k) * n;
          for (std::size_t p = 0; p < panels.count(); ++p) {
            std::copy_n(panels.at(i - rows.begin, p), panels.used(p), out + p * kPanel<T>);
          }
        }
      }
    });
  });
  if (!done) fill_with_nan(to);
}

// The sum over blocks of rows of (R J)'(R J): a gradient of weights, with the rows of R J for samples, their
// columns for both inputs and units
template <class T>
void Objective<T>::State::gauss_newton(std::span<const T> w, std::span<T> to) {
  const std::lock_guard<std::mutex> lock(calls);
  check_dense("Gauss and Newton's matrix");
  Step<T>& some = curvature();
  const DataSource<T> source = data();
  const CurvatureAt<T> place = at(source, w, {});
  const std::size_t n = w.size(), row_bytes = rounded<T>(n) * sizeof(T);
  const std::size_t at_a_time = std::max(kLeastRows<T>, kJacobianBytes / row_bytes / kDepth<T> * kDepth<T>);
  const Panels<T> matrix{nullptr, n, n};
  if (sums.size() == 0) {
    jacobian_of = Buffer<T>(Panels<T>{nullptr, std::min(at_a_time, order.size()), n}.size());
    sums = Buffer<T>(matrix.size());
  }
  const Update<T> none{0, nullptr, nullptr, nullptr, 0};
  bool continued = false;
  const bool done = call(some, [&](Member member) {
    return some.for_each_output(member, place, true, nullptr, [&](Batch block, std::size_t) {
      for (std::size_t row = 0; row < block.rows; row += at_a_time) {
        const Range rows{row, std::min(row + at_a_time, block.rows)};
        const Panels<T> panels{jacobian_of.data(), rows.end - rows.begin, n};
        const Range mine = Executor<T>::share(member, rows.end - rows.begin);
        if (mine.begin < mine.end) {
          some.rows_of_jacobian(block, {rows.begin + mine.begin, rows.begin + mine.end}, panels, mine.begin);
        }
        some.barrier(member);
        WeightGradient<T> g{sums.data(), none, 0, 0, read_only(panels), read_only(panels)};
        g.into = continued ? Into::continued : Into::alone;
        const Range own = Executor<T>::share(member, panels.count());
        for (std::size_t p = own.begin; p < own.end; ++p) {
          kernels<T>().weight_gradient(g, {p, p + 1}, {p * kPanel<T> / kRowBlock * kRowBlock, n});
        }
        some.barrier(member);
        if (member.thread == 0) continued = true;
      }
    });
  });
  if (!done) return fill_with_nan(to);
  const Panels<T> result{sums.data(), n, n};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) to[i * n + j] = result.at(i, j / kPanel<T>)[j % kPanel<T>];
  }
  for_each_penalized([&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) to[i * n + i] += static_cast<T>(options.l2);
  });
}

template <class T>
void Objective<T>::jacobian(std::span<const T> w, std::span<T> to,
                            std::span<const std::uint32_t> chosen) const {
  check_size("w", w, size());
  for (const std::uint32_t row : chosen) {
    if (row < rows()) continue;
    throw ValueError("rows: expected numbers below " + std::to_string(rows()) + ", got " +
                     std::to_string(row));
  }
  if (chosen.size() > rows()) {
    throw ValueError("rows: expected at most " + std::to_string(rows()) + ", got " +
                     std::to_string(chosen.size()));
  }
  check_size("to", to, (chosen.empty() ? rows() : chosen.size()) * outputs() * size());
  state_->jacobian(w, false, chosen, to, nullptr);
}

template <class T>
void Objective<T>::root_jacobian(std::span<const T> w, std::span<T> to, std::span<T> e) const {
  check_size("w", w, size());
  check_size("to", to, rows() * outputs() * size());
  check_size("e", e, rows() * outputs());
  state_->jacobian(w, true, {}, to, e.data());
}

template <class T>
void Objective<T>::gauss_newton(std::span<const T> w, std::span<T> to) const {
  check_size("w", w, size());
  check_size("to", to, size() * size());
  state_->gauss_newton(w, to);
}

#define FANIN_INSTANTIATE(T)                                                                             \
  template void Objective<T>::State::check_dense(const char*) const;                                     \
  template void Objective<T>::jacobian(std::span<const T>, std::span<T>, std::span<const std::uint32_t>) \
      const;                                                                                             \
  template void Objective<T>::root_jacobian(std::span<const T>, std::span<T>, std::span<T>) const;       \
  template void Objective<T>::gauss_newton(std::span<const T>, std::span<T>) const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
