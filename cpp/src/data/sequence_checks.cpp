#include "data/checks.hpp"
#include "fanin/error.hpp"

namespace fanin {

void check_sequences(const Samples& x, Over over) {
  if (x.starts.empty() != (over == Over::rows)) {
    throw ValueError(over == Over::rows ? "X: expected rows, because no layer is recurrent, got sequences"
                                        : "X: expected sequences for the recurrent layers, got rows");
  }
  for (std::size_t i = 0; i + 1 < x.starts.size(); ++i) {
    if (x.starts[i] < x.starts[i + 1]) continue;
    throw ValueError("X: sequence " + std::to_string(i) + " has no steps; expected at least one");
  }
  if (x.starts.empty() || (x.starts.front() == 0 && x.starts.back() == rows_of(x))) return;
  throw ValueError("X: expected sequences from row 0 to " + std::to_string(rows_of(x)) + ", got " +
                   std::to_string(x.starts.front()) + " to " + std::to_string(x.starts.back()));
}

void check_truncation(Over over, std::size_t truncation) {
  if (truncation == 0 || over == Over::steps) return;
  throw ValueError("truncation: expected none, got " + std::to_string(truncation) +
                   (over == Over::rows ? ", but no layer is recurrent"
                                       : ", but only the last step of a sequence has an output"));
}

void check_accumulate(std::size_t accumulate, std::size_t truncation) {
  if (accumulate == 1 || truncation == 0) return;
  throw ValueError("accumulate: expected 1, because with truncation each window makes an update, got " +
                   std::to_string(accumulate));
}

}  // namespace fanin
