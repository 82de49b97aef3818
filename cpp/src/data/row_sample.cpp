#include "data/row_sample.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "data/numbers.hpp"

namespace fanin {
namespace {

constexpr std::size_t kSampleRows = 65536;
constexpr std::uint64_t kSampleSeed = 0x696E70757473;

}  // namespace

void RowSample::add(const Samples& x, const std::vector<double>& weights) {
  const Philox random(kSampleSeed, 0);
  std::vector<std::uint64_t> priorities(weights.size());
  random.bits(priorities.data(), seen_, priorities.size());
  const auto less = [](const Row& a, const Row& b) { return a.priority < b.priority; };
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    if (rows_.size() == kSampleRows) {
      if (priorities[i] >= rows_.front().priority) continue;
      std::pop_heap(rows_.begin(), rows_.end(), less);
      rows_.pop_back();
    }
    rows_.push_back({priorities[i], seen_ + i, weights[i], std::vector<double>(copies_ ? columns_ : 0)});
    if (copies_) convert_values(rows_.back().values.data(), x, i, {0, columns_});
    std::push_heap(rows_.begin(), rows_.end(), less);
  }
  seen_ += weights.size();
}

void RowSample::sort() { std::ranges::sort(rows_, {}, &Row::position); }

void RowSample::values(double* out, Range columns, const Samples* only) const {
  const std::size_t n = columns.end - columns.begin;
  for (const Row& row : rows_) {
    if (copies_) {
      std::copy_n(row.values.data() + columns.begin, n, out);
    } else {
      convert_values(out, *only, row.position, columns);
    }
    out += n;
  }
}

}  // namespace fanin
