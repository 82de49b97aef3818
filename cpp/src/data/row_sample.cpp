#include "data/row_sample.hpp"

#include <algorithm>
#include <numeric>

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

// Rows whose priorities have larger first 16 bits than the last of the sample are left out before the others
// are gathered.
void RowSample::merge(const Ranks& ranks) {
  constexpr std::size_t kBins = 65536, kNumbers = 4;
  constexpr int kShift = 48;
  std::vector<double> counts(kBins);
  for (const Row& row : rows_) ++counts[row.priority >> kShift];
  ranks.sum(std::span(counts));
  std::size_t bins = 0;
  for (double before = 0; bins < kBins && before < static_cast<double>(kSampleRows); ++bins)
    before += counts[bins];
  std::erase_if(rows_, [&](const Row& row) { return row.priority >> kShift >= bins; });
  const std::vector<double> sizes = ranks.gather(static_cast<double>(rows_.size()));
  const auto own = sizes.begin() + static_cast<std::ptrdiff_t>(ranks.rank());
  const std::size_t width = kNumbers + columns_;
  std::vector<double> all(static_cast<std::size_t>(std::accumulate(sizes.begin(), sizes.end(), 0.0)) * width);
  double* to = all.data() + static_cast<std::size_t>(std::accumulate(sizes.begin(), own, 0.0)) * width;
  for (const Row& row : rows_) {
    const double numbers[kNumbers] = {static_cast<double>(row.priority >> 32),
                                      static_cast<double>(row.priority & 0xFFFFFFFF),
                                      static_cast<double>(row.position), row.weight};
    to = std::copy_n(row.values.data(), columns_, std::copy_n(numbers, kNumbers, to));
  }
  ranks.sum(std::span(all));
  rows_.clear();
  for (const double* from = all.data(); from != all.data() + all.size(); from += width) {
    const auto priority = static_cast<std::uint64_t>(from[0]) << 32 | static_cast<std::uint64_t>(from[1]);
    rows_.push_back({priority, static_cast<std::size_t>(from[2]), from[3],
                     std::vector<double>(from + kNumbers, from + width)});
  }
  std::ranges::sort(rows_, {}, &Row::priority);
  if (rows_.size() > kSampleRows) rows_.resize(kSampleRows);
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
