// A plan: phases of jobs. Nodes write it, the executor runs it.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "data/sample_weights.hpp"
#include "fanin/network.hpp"
#include "plan/value.hpp"

namespace fanin {

// What steps read of the user's data: rows of x and y in an order.
struct DataSource {
  const Samples* x;
  const Targets* y;
  ScaledWeights weights;
  const std::uint32_t* order;
};

// What becomes of gradients: nothing but an update, block by block, or the whole of them is kept
template <class T>
struct GradientSink {
  T* whole = nullptr;
  Into into = Into::alone;
  T batch_weight = 1;
};

// What the random numbers of an epoch depend on
struct RandomState {
  std::uint64_t seed, epoch;
};

// What the jobs of a step are told
template <class T>
struct StepOf {
  Batch batch, next;
  const DataSource* data;
  const T* parameters;
  RandomState random;
  T scale = 1;  // of the gradient of a row's loss
  const Update<T>* update = nullptr;
  GradientSink<T> sink = {};
};

template <class T>
struct Work {
  virtual ~Work() = default;
  // Some columns of the value that a job is about, and some rows
  virtual void run(int part, const StepOf<T>& step, Range columns, Range rows) const = 0;
};

// What a job that follows another finds finished: the block at hand, or its columns in all rows, or its rows
// in all columns
enum class Grain { block, whole_columns, whole_rows };

inline constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

// Work that can be cut: its units are blocks of so many columns by so many rows, which lie column by column.
template <class T>
struct Job {
  const Work<T>* work;
  int part;
  std::size_t columns, column_unit;
  std::size_t row_unit;
  double cost;           // of a row of the batch, in flops that take as long
  std::size_t rows = 0;  // 0: those of the batch
  bool ahead = false;    // of the next batch
  // This one follows right after each part of another, on the same thread, where the other's split allows
  // that; else in a phase of its own.
  Grain grain = Grain::block;
  const Job* follow = nullptr;
};

// A job on some columns that follows another
template <class T>
Job<T> following(const Work<T>* work, int part, std::size_t columns, Grain grain = Grain::whole_columns) {
  const std::size_t row_unit = grain == Grain::block ? kRowBlock : kAll;
  return {work, part, columns, kPanel<T>, row_unit, 1, 0, false, grain};
}

template <class T>
class Plan {
 public:
  // A phase of this job and of all that was put off
  void phase(const Job<T>& job) {
    jobs_.push_back(&job);
    end_phase();
  }
  // Puts a job off to the next phase: it must not run beside those of the last.
  void later(const Job<T>& job) { put_off_.push_back(&job); }
  // The last phase: this job, after all that was put off
  void finish(const Job<T>& job) {
    later(job);
    end_phase();
  }
  void clear() {
    jobs_.clear();
    ends_.clear();
  }

  std::size_t phases() const { return ends_.size(); }
  std::span<const Job<T>* const> operator[](std::size_t phase) const {
    const std::size_t begin = phase == 0 ? 0 : ends_[phase - 1];
    return {jobs_.data() + begin, ends_[phase] - begin};
  }
  // Phases before the first with more than one job
  std::size_t phases_before_updates() const {
    std::size_t phase = 0;
    while (phase + 1 < phases() && (*this)[phase].size() == 1) ++phase;
    return phase;
  }

 private:
  void end_phase() {
    jobs_.insert(jobs_.end(), put_off_.begin(), put_off_.end());
    put_off_.clear();
    ends_.push_back(jobs_.size());
  }

  std::vector<const Job<T>*> jobs_, put_off_;
  std::vector<std::size_t> ends_;
};

}  // namespace fanin
