// The order in which an epoch visits the steps of sequences.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fanin/views.hpp"

namespace fanin {

// What has a target: each row of X, or each sequence, or each step of one
enum class Over { rows, sequences, steps };

// Steps of some sequences, time-major: those at time t of this window are the rows from begins[t] to
// begins[t + 1] - 1 of a batch, one for each sequence that has not ended, the longest first.
struct Timeline {
  const std::uint32_t* begins = nullptr;
  std::size_t length = 0;     // of the window
  std::size_t sequences = 0;  // with a step in it
  std::size_t first = 0;      // their place in the order of sequences
  bool continues = false;     // they had a window before

  std::size_t rows() const { return length > 0 ? begins[length] : 0; }
};

// How many targets these samples have
std::size_t targets_of(const Samples& x, Over over);

inline std::size_t length_of(std::span<const std::uint64_t> starts, std::size_t sequence) {
  return static_cast<std::size_t>(starts[sequence + 1] - starts[sequence]);
}

// Sorts sequences by length, the longest first, and equal ones by number, unless they are sorted by length.
void sort_by_length(std::span<std::uint32_t> sequences, std::span<const std::uint64_t> starts);

// Appends where the steps of a window of `length` from `time` on begin, and the numbers of their rows;
// returns how many of the sequences, which are sorted, have a step in it.
std::size_t add_window(std::span<const std::uint32_t> sequences, std::span<const std::uint64_t> starts,
                       std::size_t time, std::size_t length, std::vector<std::uint32_t>& begins,
                       std::vector<std::uint32_t>& rows);

// The batches of an epoch: those of sequences, each cut into windows of `truncation` steps, unless that is 0.
// All have as many windows as the longest sequence of the data needs; some are empty.
class SequenceOrder {
 public:
  SequenceOrder(std::span<const std::uint64_t> starts, std::size_t batch_size, std::size_t truncation);

  std::size_t windows() const { return windows_; }
  std::size_t largest_batch() const { return largest_; }  // steps
  std::size_t batch_size() const { return batch_size_; }  // sequences

  // Batches of these sequences in this order, each of them sorted by length
  void arrange(std::span<const std::uint32_t> order);
  const Timeline& timeline(std::size_t batch) const { return timelines_[batch]; }
  // The first of its rows in the order of steps
  std::size_t first_row(std::size_t batch) const { return first_rows_[batch]; }
  std::span<const std::uint32_t> sequences() const { return sequences_; }
  std::span<const std::uint32_t> steps() const { return steps_; }

 private:
  const std::span<const std::uint64_t> starts_;
  const std::size_t batch_size_;
  std::size_t window_ = 0, windows_ = 1, largest_ = 0;
  std::vector<std::uint32_t> sequences_, steps_, begins_;
  std::vector<std::size_t> first_rows_, first_begins_;
  std::vector<Timeline> timelines_;
};

}  // namespace fanin
