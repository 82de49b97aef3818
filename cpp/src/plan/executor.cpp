#include "plan/executor.hpp"

#include <algorithm>

#include "team/add.hpp"

namespace fanin {
namespace {

constexpr double kPollSeconds = 0.03;

bool shared_evenly(std::size_t parts, Member member) {
  const auto threads = static_cast<std::size_t>(member.threads);
  return parts % threads == 0 || parts >= 4 * threads;
}

std::size_t units_of(std::size_t elements, std::size_t unit) {
  return unit == kAll ? 1 : (elements + unit - 1) / unit;
}

Range elements_of(Range units, std::size_t unit, std::size_t elements) {
  if (unit == kAll) return {0, elements};
  return {units.begin * unit, std::min(units.end * unit, elements)};
}

template <class T>
double cost_of(const Job<T>& job, const Batch& batch) {
  return job.cost * static_cast<double>(batch.rows);
}

}  // namespace

template <class T>
bool Executor<T>::asked() {
  last_poll_ = seconds_now();
  return interrupted_by_caller_ && interrupted_by_caller_();
}

template <class T>
bool Executor<T>::poll() {
  if (asked()) interrupt();
  return interrupted();
}

// Thread 0, the caller's, polls from time to time; the others read the result.
template <class T>
bool Executor<T>::abandoned(Member member) {
  if (member.thread == 0 && seconds_now() - last_poll_ > kPollSeconds) poll();
  return interrupted();
}

template <class T>
void Executor<T>::barrier(Member member) {
  const double waited = barrier_.wait(member.threads);
  if (waited > 0) add(waited_, waited);
}

template <class T>
Batch Executor<T>::batch_of(const Job<T>& job, const StepOf<T>& step) {
  const Batch& batch = job.ahead ? step.next : step.batch;
  return job.work->of_sequences ? batch.of_sequences() : batch;
}

template <class T>
std::size_t Executor<T>::rows_of(const Job<T>& job, const Batch& batch) {
  return job.rows > 0 ? job.rows : batch.rows;
}

template <class T>
auto Executor<T>::grid_of(const Job<T>& job, const Batch& batch) -> Grid {
  return {units_of(job.columns, job.column_unit), units_of(rows_of(job, batch), job.row_unit)};
}

// The first of the following jobs that cannot run on the same thread. A job on whole columns gets a phase of
// its own only if whole columns cannot be shared evenly.
template <class T>
const Job<T>* Executor<T>::first_apart(const Job<T>& job, Grid grid, Member member) {
  const Job<T>* next = job.follow;
  for (; next != nullptr; next = next->follow) {
    if (next->grain == Grain::whole_columns && grid.rows > 1 && !shared_evenly(grid.columns, member)) break;
    if (next->grain == Grain::whole_rows && grid.columns > 1) break;
  }
  return next;
}

// Runs a block of a job, and of the jobs that follow it, up to `end`
template <class T>
void Executor<T>::run_chain(const Job<T>& job, const Job<T>* end, const Job<T>& first, const StepOf<T>& step,
                            Range columns, Range rows) {
  const Range of_columns = elements_of(columns, first.column_unit, first.columns),
              of_rows = elements_of(rows, first.row_unit, rows_of(first, step.batch));
  for (const Job<T>* next = &job; next != end; next = next->follow) {
    if (observer_ == nullptr) {
      next->work->run(next->part, step, of_columns, of_rows);
    } else {
      observer_->run(*next, step, of_columns, of_rows);
    }
  }
}

template <class T>
auto Executor<T>::cut_of(const Job<T>& job, const Batch& batch, Member member) -> Cut {
  const Grid grid = grid_of(job, batch);
  Cut cut{grid, first_apart(job, grid, member), grid.columns * grid.rows, false, false};
  for (const Job<T>* next = job.follow; next != cut.apart; next = next->follow) {
    cut.whole_columns |= next->grain == Grain::whole_columns;
    cut.whole_rows |= next->grain == Grain::whole_rows;
  }
  if (cut.whole_columns) cut.units = grid.columns;
  return cut;
}

// What the jobs that cannot be cut evenly cost together
template <class T>
double Executor<T>::cost_of_others(Member member, std::span<const Job<T>* const> phase,
                                   const StepOf<T>& step) {
  double cost = 0;
  for (const Job<T>* job : phase) {
    const Batch batch = batch_of(*job, step);
    if (!is_even(cut_of(*job, batch, member), member)) cost += cost_of(*job, batch);
  }
  return cost;
}

// Runs a thread's share of a job; returns whether a job that follows needs a phase of its own
template <class T>
bool Executor<T>::take(Member member, Share& others, const Job<T>& job, const StepOf<T>& step,
                       bool may_poll) {
  const bool polls = may_poll && !job.at_once;
  const Cut cut = cut_of(job, step.batch, member);
  const bool more = cut.apart != nullptr;
  const Grid grid = cut.grid;
  const Range mine = job.alone              ? Range{0, member.thread == 0 ? cut.units : 0}
                     : is_even(cut, member) ? share(member, cut.units)
                                            : others.take(cut.units, cost_of(job, step.batch));
  const auto for_units = [&](Range units, const Job<T>* end) {
    const auto f = [&](Range columns, Range rows) { run_chain(job, end, job, step, columns, rows); };
    if (!polls && !(cut.whole_rows && !cut.whole_columns)) return for_each_rectangle(units, grid.rows, f);
    for (std::size_t unit = units.begin; unit < units.end && !(polls && abandoned(member)); ++unit) {
      for_each_rectangle({unit, unit + 1}, grid.rows, f);
    }
  };
  if (!cut.whole_columns) {
    for_units(mine, cut.apart);
    return more;
  }
  // Take as many columns at a time as stay in cache until all their rows are done.
  const std::size_t group = std::max(std::size_t{1}, kPanelGroup * kPanel<T> / job.column_unit);
  for (std::size_t begin = mine.begin; begin < mine.end; begin += group) {
    const Range columns{begin, std::min(begin + group, mine.end)};
    for_units({columns.begin * grid.rows, columns.end * grid.rows}, job.follow);
    run_chain(*job.follow, cut.apart, job, step, columns, {0, grid.rows});
  }
  return more;
}

// Jobs that can be cut evenly are: then each thread works on the same part of a layer in every phase. The
// others are laid end to end.
template <class T>
void Executor<T>::run(Member member, std::span<const Job<T>* const> phase, const StepOf<T>& step,
                      bool may_stop) {
  Share others(member.thread, member.threads, member.threads == 1 ? 0 : cost_of_others(member, phase, step));
  bool more = false;
  for (const Job<T>* job : phase) {
    if (!job->ahead && !job->work->of_sequences) {
      more |= take(member, others, *job, step, may_stop && polling_);
    } else if (!job->ahead || step.next.rows > 0) {
      StepOf<T> own = step;
      own.batch = batch_of(*job, step);
      more |= take(member, others, *job, own, may_stop && polling_ && !job->ahead) && !job->ahead;
    }
  }
  barrier(member);
  if (!more) return;
  for (const Job<T>* job : phase) {
    if (job->ahead) continue;
    const Job<T>* const apart = first_apart(*job, grid_of(*job, batch_of(*job, step)), member);
    if (apart != nullptr) run(member, {&apart, 1}, step, may_stop);
  }
}

template class Executor<float>;
template class Executor<double>;

}  // namespace fanin
