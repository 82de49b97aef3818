// A block of rows on its way through the nodes, as in prediction.
#pragma once

#include <bit>
#include <utility>

#include "plan/running_statistics.hpp"
#include "plan/value.hpp"
#include "team/team.hpp"

namespace fanin {

// What blocks go through: parameters with batch norm folded into them, and the statistics that are taken away
// from inputs where these are normalized. (Folding that too would lose their digits where they lie far from
// zero.)
template <class T>
struct Folded {
  const T* parameters;
  const RunningStatistics<T>& statistics;
};

// Each member of the team that shares a block has a flow of its own, over the same memory: `parts` matrices.
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
  Panels<T> x;    // what the nodes so far give
  Panels<T> z{};  // what the activation of the last one has seen, where its derivative needs it
  // The flow ends where this batch norm would normalize, in front of it.
  const Normalizer<T>* watched = nullptr;
  bool ended = false;

  // Memory for another matrix of as many rows, beside x and what is held
  Panels<T> take(std::size_t columns) {
    const int part = std::countr_one(in_use_);
    in_use_ |= 1u << part;
    return {memory_ + static_cast<std::size_t>(part) * part_size_, x.rows, columns};
  }
  // A member's share of the panels that a node makes
  Range share(std::size_t panels) const { return Share(member_.thread, member_.threads, 1).take(panels, 1); }
  // A node has made y, of an activation that has seen z.
  void made(Panels<T> y, Panels<T> z_of_y = {}) {
    barrier_.wait(member_.threads);
    x = y;
    z = z_of_y;
    in_use_ = held_ | part_of(y);
  }
  // What x is now is kept until `release` of what this returns.
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
