#include "data/sequence_order.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace fanin {

std::size_t targets_of(const Samples& x, Over over) {
  return over == Over::sequences ? x.starts.size() - 1 : rows_of(x);
}

void sort_by_length(std::span<std::uint32_t> sequences, std::span<const std::uint64_t> starts) {
  const auto longer = [&](std::uint32_t a, std::uint32_t b) {
    return length_of(starts, a) > length_of(starts, b);
  };
  if (std::is_sorted(sequences.begin(), sequences.end(), longer)) return;
  std::sort(sequences.begin(), sequences.end(),
            [&](std::uint32_t a, std::uint32_t b) { return longer(a, b) || (!longer(b, a) && a < b); });
}

std::size_t add_window(std::span<const std::uint32_t> sequences, std::span<const std::uint64_t> starts,
                       std::size_t time, std::size_t length, std::vector<std::uint32_t>& begins,
                       std::vector<std::uint32_t>& rows) {
  std::size_t alive = sequences.size(), in_window = 0;
  std::uint32_t row = 0;
  for (std::size_t t = time; t < time + length; ++t) {
    while (alive > 0 && length_of(starts, sequences[alive - 1]) <= t) --alive;
    if (t == time) in_window = alive;
    if (alive == 0) break;
    begins.push_back(row);
    for (std::size_t i = 0; i < alive; ++i) {
      rows.push_back(static_cast<std::uint32_t>(starts[sequences[i]] + t));
    }
    row += static_cast<std::uint32_t>(alive);
  }
  begins.push_back(row);
  return in_window;
}

SequenceOrder::SequenceOrder(std::span<const std::uint64_t> starts, std::size_t batch_size,
                             std::size_t truncation)
    : starts_(starts), batch_size_(batch_size) {
  std::vector<std::size_t> lengths(starts.size() - 1);
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = length_of(starts, i);
  const std::size_t longest = *std::max_element(lengths.begin(), lengths.end());
  window_ = truncation > 0 ? std::min(truncation, longest) : longest;
  windows_ = (longest + window_ - 1) / window_;
  const auto end = lengths.begin() + static_cast<std::ptrdiff_t>(batch_size);
  std::partial_sort(lengths.begin(), end, lengths.end(), std::greater<>());
  for (auto length = lengths.begin(); length != end; ++length) largest_ += std::min(*length, window_);
}

void SequenceOrder::arrange(std::span<const std::uint32_t> order) {
  sequences_.assign(order.begin(), order.end());
  steps_.clear();
  begins_.clear();
  first_rows_.clear();
  timelines_.clear();
  first_begins_.clear();
  for (std::size_t first = 0; first < order.size(); first += batch_size_) {
    const std::span<std::uint32_t> batch =
        std::span(sequences_).subspan(first, std::min(batch_size_, order.size() - first));
    sort_by_length(batch, starts_);
    for (std::size_t window = 0; window < windows_; ++window) {
      first_begins_.push_back(begins_.size());
      first_rows_.push_back(steps_.size());
      const std::size_t alive = add_window(batch, starts_, window * window_, window_, begins_, steps_);
      timelines_.push_back({nullptr, begins_.size() - first_begins_.back() - 1, alive, first, window > 0});
    }
  }
  first_rows_.push_back(steps_.size());
  for (std::size_t i = 0; i < timelines_.size(); ++i)
    timelines_[i].begins = begins_.data() + first_begins_[i];
}

}  // namespace fanin
