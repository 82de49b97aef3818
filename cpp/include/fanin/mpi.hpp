// Ranks of MPI. fanin itself does not use MPI: a program that includes this header compiles and links with
// it.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "fanin/communicator.hpp"

namespace fanin {

// The ranks of a communicator, of which this makes a duplicate, so that no other messages interfere; borrowed
// is only MPI itself, which must be initialized (MPI_THREAD_FUNNELED or more if fanin uses several threads)
// and not be finalized before this is destroyed. Errors of MPI end all ranks, as MPI's handler does by
// default.
class MpiCommunicator final : public Communicator {
 public:
  explicit MpiCommunicator(MPI_Comm ranks) {
    MPI_Comm_dup(ranks, &ranks_);
    MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_rank(ranks_, &rank_);
    MPI_Comm_size(ranks_, &size_);
  }
  ~MpiCommunicator() override { MPI_Comm_free(&ranks_); }
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  std::size_t rank() const override { return static_cast<std::size_t>(rank_); }
  std::size_t size() const override { return static_cast<std::size_t>(size_); }

  void start_sum(float* values, std::size_t n) noexcept override { start(values, n, MPI_FLOAT); }
  void start_sum(double* values, std::size_t n) noexcept override { start(values, n, MPI_DOUBLE); }
  void wait() noexcept override {
    MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
    requests_.clear();
  }
  void broadcast(void* bytes, std::size_t n) noexcept override {
    for (std::size_t begin = 0; begin < n; begin += kMost) {
      MPI_Bcast(static_cast<char*>(bytes) + begin, static_cast<int>(std::min(kMost, n - begin)), MPI_BYTE, 0,
                ranks_);
    }
  }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 28;  // elements of a message

  template <class T>
  void start(T* values, std::size_t n, MPI_Datatype type) noexcept {
    for (std::size_t begin = 0; begin < n; begin += kMost) {
      requests_.emplace_back();
      MPI_Iallreduce(MPI_IN_PLACE, values + begin, static_cast<int>(std::min(kMost, n - begin)), type,
                     MPI_SUM, ranks_, &requests_.back());
    }
    // Many libraries make progress only when they are called.
    int all_ended = 0;
    MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &all_ended, MPI_STATUSES_IGNORE);
    if (all_ended != 0) requests_.clear();
  }

  MPI_Comm ranks_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  std::vector<MPI_Request> requests_;
};

}  // namespace fanin
