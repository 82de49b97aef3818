// Training one network by several processes ("ranks"), each with rows of its own.
#pragma once

#include <cstddef>

#pragma GCC visibility push(default)
namespace fanin {

// What fanin needs of a message-passing library; fanin/mpi.hpp implements it with MPI. All ranks make the
// same calls in the same order, each from the thread that called fanin. None may throw: a rank that cannot
// go on must end all of them, because the others wait for it.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual std::size_t rank() const = 0;  // 0, ..., size() - 1
  virtual std::size_t size() const = 0;

  // Begins to replace n values by their sums over all ranks, with the same bits on each, and returns at once;
  // other sums may begin before `wait`, which returns when all have ended. Until then the memory is not
  // touched.
  virtual void start_sum(float* values, std::size_t n) noexcept = 0;
  virtual void start_sum(double* values, std::size_t n) noexcept = 0;
  virtual void wait() noexcept = 0;

  // Replaces these bytes by those of rank 0.
  virtual void broadcast(void* bytes, std::size_t n) noexcept = 0;
};

}  // namespace fanin

#pragma GCC visibility pop
