// A block of rows that passes through the nodes in prediction.
#pragma once

#include <bit>
#include <utility>

#include "plan/running_statistics.hpp"
#include "plan/value.hpp"
#include "team/team.hpp"

namespace fanin {

// What prediction uses: parameters with batch norm folded into them, and the statistics for inputs that are
// normalized. (The mean of the inputs is subtracted, not folded: folding it would lose digits if they are far
// from zero.)
template <class T>
struct Folded {
  const T* parameters;
  const RunningStatistics<T>& statistics;
  const T* projection = nullptr;  // of an input layer
};

// What the first dense layer takes of coded columns
template <class T>
struct FlowCodes {
  CodedBatch<T> batch;
  Panels<const T> table, constants;
};

// The window of sequences that a block has, and what is carried from one window to the next: memory for rows
// of h and c of each recurrent layer in turn
template <class T>
struct FlowTime {
  const Timeline* window = nullptr;
  T* carried = nullptr;
  std::size_t sequences = 0;
  bool ends = true;  // no window follows
};

// Each member of the team that shares a block has its own flow over the same memory, which is split into
// matrices of `part_size`.
template <class T>
class Flow {
 public:
  Flow(const Folded<T>& folded, std::size_t rows, std::size_t columns, T* memory, std::size_t part_size,
       Member member, Barrier& barrier)
      : net(folded),
        x{memory, rows, columns},
        memory_(memory),
        part_size_(part_size),
        member_(member),
        barrier_(barrier) {}

  const Folded<T>& net;
  Panels<T> x;              // the output of the nodes so far
  Panels<T> z{};            // the input of the last activation, if its derivative needs it
  FlowCodes<T> codes{};     // of x, until the first node
  SparseBatch<T> sparse{};  // the same of x as sparse rows
  // The flow ends just before this batch norm.
  const Normalizer<T>* watched = nullptr;
  bool ended = false;
  FlowTime<T> time{};

  // Memory for another matrix with the same number of rows, apart from x and what is held
  Panels<T> take(std::size_t columns) {
    const int part = std::countr_one(in_use_);
    in_use_ |= 1u << part;
    return {memory_ + static_cast<std::size_t>(part) * part_size_, x.rows, columns};
  }
  // A member's share of the panels of a node's output
  Range share(std::size_t panels) const { return Share(member_.thread, member_.threads, 1).take(panels, 1); }
  // Ends a node: y is its output, and z_of_y the input of its activation
  void made(Panels<T> y, Panels<T> z_of_y = {}) {
    barrier_.wait(member_.threads);
    x = y;
    z = z_of_y;
    in_use_ = held_ | part_of(y);
  }
  // The next memory for rows of sequences that are carried to the next window
  Panels<T> carry(std::size_t columns) {
    const Panels<T> rows{time.carried, time.sequences, columns};
    time.carried += rows.size();
    return rows;
  }
  // Holds the current x until `release` is called with what this returns
  unsigned hold() { return std::exchange(held_, held_ | part_of(x)); }
  void release(unsigned held_before) { held_ = held_before; }

 private:
  unsigned part_of(Panels<T> y) const {
    return 1u << static_cast<unsigned>(static_cast<std::size_t>(y.data - memory_) / part_size_);
  }

  T* memory_;
  std::size_t part_size_;
  Member member_;
  Barrier& barrier_;
  unsigned in_use_ = 1, held_ = 0;
};

}  // namespace fanin
