// The cases that bench/workers/cpp.py prepares, checks and times, one at a time, on FANIN_NUM_THREADS
// threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace fanin::bench {

class Case {
 public:
  virtual ~Case() = default;
  // Computes once what is timed; writes what must agree with the peers' results
  virtual void check(const std::string& what, double* result) = 0;
  // Seconds of n calls
  virtual double seconds(const std::string& what, std::size_t n) = 0;
};

inline std::unique_ptr<Case> prepared;

template <class C, class... Arguments>
void prepare(Arguments&&... arguments) {
  prepared.reset();  // two large cases at once may not fit into memory
  prepared = std::make_unique<C>(arguments...);
}

}  // namespace fanin::bench
