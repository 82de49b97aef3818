#include "layers/orthonormal.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/registry.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

constexpr std::size_t kBlock = 32;  // rows that are projected together

double dot(const double* a, const double* b, std::size_t n) {
  constexpr std::size_t lanes = 8;
  double sums[lanes] = {};
  for (std::size_t i = 0; i < n; i += lanes) {
    const std::size_t used = std::min(lanes, n - i);
    for (std::size_t k = 0; k < used; ++k) sums[k] += a[i + k] * b[i + k];
  }
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

void multiply_on_team(const Product<double>& p, std::size_t rows) {
  const std::size_t panels = (p.columns + kPanel<double> - 1) / kPanel<double>;
  const Claim claim = claim_for(2.0 * static_cast<double>(rows * p.columns) * static_cast<double>(p.depth));
  const int team = claim.threads();
  const Scratch<double> memory(Product<double>::kMemory * static_cast<std::size_t>(team), team);
  run_call(team, [&](int thread, int threads) {
    double* const mine = memory.data() + static_cast<std::size_t>(thread) * Product<double>::kMemory;
    const Range of_panels = Share(thread, threads, 1).take(panels, 1);
    if (of_panels.begin < of_panels.end) kernels<double>().product(p, of_panels, {0, rows}, mine);
  });
}

// Subtracts from rows [begin, end) their projections on all rows before `begin`.
void subtract_projections(double* v, Range rows, std::size_t length, std::vector<double>& memory) {
  const std::size_t before = rows.begin, count = rows.end - rows.begin;
  if (before == 0) return;
  memory.resize(count * (before + length));
  double* const block = v + before * length;
  double* const cosines = memory.data();
  double* const projections = cosines + count * before;
  const auto stride = static_cast<std::ptrdiff_t>(length), across = static_cast<std::ptrdiff_t>(before);
  multiply_on_team(
      {cosines, across, {block, stride, 1}, {v, 1, stride}, before, length, nullptr, Product<double>::kNone},
      count);
  multiply_on_team({projections,
                    stride,
                    {cosines, across, 1},
                    {v, stride, 1},
                    length,
                    before,
                    nullptr,
                    Product<double>::kNone},
                   count);
  for (std::size_t i = 0; i < count * length; ++i) block[i] -= projections[i];
}

// The modified method on rows [begin, end)
void orthonormalize_block(double* v, Range rows, std::size_t length) {
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    double* const row = v + i * length;
    for (std::size_t j = rows.begin; j < i; ++j) {
      const double* const other = v + j * length;
      const double cosine = dot(row, other, length);
      for (std::size_t k = 0; k < length; ++k) row[k] -= cosine * other[k];
    }
    const double norm = std::sqrt(dot(row, row, length));
    for (std::size_t k = 0; k < length; ++k) row[k] /= norm;
  }
}

}  // namespace

// Twice, because once loses orthogonality in proportion to the condition number (Barlow and Smoktunowicz
// 2013)
void orthonormalize(double* v, std::size_t count, std::size_t length) {
  std::vector<double> memory;
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    const Range rows{begin, std::min(count, begin + kBlock)};
    for (int time = 0; time < 2; ++time) {
      subtract_projections(v, rows, length, memory);
      orthonormalize_block(v, rows, length);
    }
  }
}

}  // namespace fanin
