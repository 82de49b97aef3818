// A plan: phases of jobs. Nodes write it, and the executor runs it.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "data/sample_weights.hpp"
#include "fanin/network.hpp"
#include "plan/across.hpp"
#include "plan/lazy_rows.hpp"
#include "plan/value.hpp"

namespace fanin {

// The user's data for steps: x, y, sample weights, the order of rows, and the map and the projection of the
// input layer
template <class T>
struct DataSource {
  const Samples* x;
  const Targets* y;
  ScaledWeights weights;
  const std::uint32_t* order;
  ColumnMap map = {};
  const T* projection = nullptr;
  const std::uint32_t* sequences = nullptr;  // their order, if y has a target for each
};

// Where gradients go: to the update block by block if `whole` is null, else to that buffer
template <class T>
struct GradientSink {
  T* whole = nullptr;
  Into into = Into::alone;
  T batch_weight = 1;
};

// How rows of weights that sparse inputs meet are updated: lazily, unless that is null, and with gradients
// multiplied by `factor` and by a factor for the number of samples that meet them
template <class T>
struct RowUpdate {
  const LazyRows<T>* lazy = nullptr;
  const T* factors = nullptr;
  T factor = 1;
};

// What the random numbers of an epoch depend on
struct RandomState {
  std::uint64_t seed, epoch;
};

// What jobs for curvature work with: a direction of the parameters; and where squares of gradients go
template <class T>
struct Curved {
  const T* direction = nullptr;
  T* squares = nullptr;
};

// A column of what the Jacobian is multiplied with, from the left: that of an output, or that of a root of
// the loss's second derivative; then e, unless null, receives dE/da over the diagonal of the root
template <class T>
struct Seed {
  std::size_t output = 0;
  bool root = false;
  T* e = nullptr;
};

// The arguments of a step's jobs
template <class T>
struct StepOf {
  Batch batch, next;
  const DataSource<T>* data;
  const T* parameters;
  RandomState random;
  T scale = 1;  // of the gradient of a row's loss
  const Update<T>* update = nullptr;
  GradientSink<T> sink = {};
  Curved<T> curved = {};
  Seed<T> seed = {};
  RowUpdate<T> rows = {};
  const Across<T>* across = nullptr;  // of several ranks
  bool adds_up = false;               // the gradient over all ranks, while it is computed
};

template <class T>
struct Work {
  bool of_sequences = false;  // the rows of its jobs are sequences, not steps of theirs

  virtual ~Work() = default;
  // Does the work for some columns and rows of the job's value
  virtual void run(int part, const StepOf<T>& step, Range columns, Range rows) const = 0;
};

// What must be finished before a job that follows another: the same block, its columns in all rows, or its
// rows in all columns
enum class Grain { block, whole_columns, whole_rows };

inline constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

// Work that can be divided into units: blocks of column_unit by row_unit, ordered column by column
template <class T>
struct Job {
  const char* name;
  const Work<T>* work;
  int part;
  std::size_t columns, column_unit;
  std::size_t row_unit;
  double cost;           // for a row of the batch, in flops that take as long
  std::size_t rows = 0;  // 0: those of the batch
  bool ahead = false;    // works on the next batch
  // If this job follows another, it runs right after each part of that job on the same thread if the division
  // allows it, else in a phase of its own.
  Grain grain = Grain::block;
  const Job* follow = nullptr;
  bool at_once = false;  // a thread runs its share in one call, without polling
  bool alone = false;    // thread 0 runs all of it, in a phase of its own: other ranks wait for it
};

// Runs blocks of jobs in the executor's place, on any thread of the team; the bench times them here.
template <class T>
struct Observer {
  virtual ~Observer() = default;
  virtual void run(const Job<T>& job, const StepOf<T>& step, Range columns, Range rows) = 0;
};

// A job on some columns that follows another
template <class T>
Job<T> following(const char* name, const Work<T>* work, int part, std::size_t columns,
                 Grain grain = Grain::whole_columns) {
  const std::size_t row_unit = grain == Grain::block ? kRowBlock : kAll;
  return {name, work, part, columns, kPanel<T>, row_unit, 1, 0, false, grain};
}

// A job of one thread, for which other ranks wait
template <class T>
Job<T> of_all_ranks(const Work<T>* work, int part) {
  Job<T> job{"sum over ranks", work, part, 1, kAll, kAll, 1, 1};
  job.alone = true;
  return job;
}

template <class T>
class Plan {
 public:
  // Ends a phase with this job and the deferred ones
  void phase(const Job<T>& job) {
    jobs_.push_back(&job);
    end_phase();
  }
  // Defers a job to the next phase, if it must not run in parallel with the last one
  void later(const Job<T>& job) { deferred_.push_back(&job); }
  // Ends the last phase: the deferred jobs, then this one
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
  // The number of phases before the first with more than one job
  std::size_t phases_before_updates() const {
    std::size_t phase = 0;
    while (phase + 1 < phases() && (*this)[phase].size() == 1) ++phase;
    return phase;
  }

 private:
  void end_phase() {
    jobs_.insert(jobs_.end(), deferred_.begin(), deferred_.end());
    deferred_.clear();
    ends_.push_back(jobs_.size());
  }

  std::vector<const Job<T>*> jobs_, deferred_;
  std::vector<std::size_t> ends_;
};

}  // namespace fanin
