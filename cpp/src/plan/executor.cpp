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
std::size_t rows_of_job(const Job<T>& job, const StepOf<T>& step) {
  return job.rows > 0 ? job.rows : step.batch.rows;
}

template <class T>
double cost_of(const Job<T>& job, const Batch& batch) {
  return job.cost * static_cast<double>(batch.rows);
}

}  // namespace

template <class T>
bool Executor<T>::poll() {
  last_poll_ = seconds_now();
  if (interrupted_by_caller_ && interrupted_by_caller_()) interrupted_.store(true, std::memory_order_relaxed);
  return interrupted();
}

// Thread 0, the caller's, polls from time to time; the others read the result.
template <class T>
bool Executor<T>::given_up(Member member) {
  if (member.thread == 0 && seconds_now() - last_poll_ > kPollSeconds) poll();
  return interrupted();
}

template <class T>
void Executor<T>::barrier(Member member) {
  const double waited = barrier_.wait(member.threads);
  if (waited > 0) add(waited_, waited);
}

template <class T>
auto Executor<T>::grid_of(const Job<T>& job, const StepOf<T>& step) -> Grid {
  return {units_of(job.columns, job.column_unit), units_of(rows_of_job(job, step), job.row_unit)};
}

// The first of the following jobs that cannot run on the same thread. Whole columns deserve a phase of their
// own only if they could not be shared evenly.
template <class T>
const Job<T>* Executor<T>::first_apart(const Job<T>& job, Grid grid, Member member) {
  const Job<T>* next = job.follow;
  for (; next != nullptr; next = next->follow) {
    if (next->grain == Grain::whole_columns && grid.rows > 1 && !shared_evenly(grid.columns, member)) break;
    if (next->grain == Grain::whole_rows && grid.columns > 1) break;
  }
  return next;
}

// A block of a job, and of the jobs that follow it up to `end`
template <class T>
void Executor<T>::run_chain(const Job<T>& job, const Job<T>* end, const Job<T>& first, const StepOf<T>& step,
                            Range columns, Range rows) {
  const Range of_columns = elements_of(columns, first.column_unit, first.columns),
              of_rows = elements_of(rows, first.row_unit, rows_of_job(first, step));
  for (const Job<T>* next = &job; next != end; next = next->follow) {
    next->work->run(next->part, step, of_columns, of_rows);
  }
}

// A thread's share of a job
template <class T>
void Executor<T>::take(Member member, Share& share, const Job<T>& job, const StepOf<T>& step, bool asks) {
  const double cost = cost_of(job, step.batch);
  const Grid grid = grid_of(job, step);
  const Job<T>* const apart = first_apart(job, grid, member);
  bool whole_columns = false, whole_rows = false;
  for (const Job<T>* next = job.follow; next != apart; next = next->follow) {
    whole_columns |= next->grain == Grain::whole_columns;
    whole_rows |= next->grain == Grain::whole_rows;
  }
  const auto for_units = [&](Range units, const Job<T>* end) {
    const auto f = [&](Range columns, Range rows) { run_chain(job, end, job, step, columns, rows); };
    if (!asks && !(whole_rows && !whole_columns)) return for_each_rectangle(units, grid.rows, f);
    for (std::size_t unit = units.begin; unit < units.end && !(asks && given_up(member)); ++unit) {
      for_each_rectangle({unit, unit + 1}, grid.rows, f);
    }
  };
  if (!whole_columns) return for_units(share.take(grid.columns * grid.rows, cost), apart);
  // as many columns at a time as stay in cache until all their rows are done
  const std::size_t group = std::max(std::size_t{1}, kPanelGroup * kPanel<T> / job.column_unit);
  const Range mine = share.take(grid.columns, cost);
  for (std::size_t begin = mine.begin; begin < mine.end; begin += group) {
    const Range columns{begin, std::min(begin + group, mine.end)};
    for_units({columns.begin * grid.rows, columns.end * grid.rows}, job.follow);
    run_chain(*job.follow, apart, job, step, columns, {0, grid.rows});
  }
}

template <class T>
void Executor<T>::run(Member member, std::span<const Job<T>* const> phase, const StepOf<T>& step,
                      bool may_stop) {
  double cost = 0;
  for (const Job<T>* job : phase) cost += cost_of(*job, job->ahead ? step.next : step.batch);
  Share share(member.thread, member.threads, cost);
  for (const Job<T>* job : phase) {
    if (!job->ahead) {
      take(member, share, *job, step, may_stop && polling_);
    } else if (step.next.rows > 0) {
      StepOf<T> ahead = step;
      ahead.batch = step.next;
      take(member, share, *job, ahead, false);
    }
  }
  barrier(member);
  for (const Job<T>* job : phase) {
    if (job->ahead) continue;
    const Job<T>* const apart = first_apart(*job, grid_of(*job, step), member);
    if (apart != nullptr) run(member, {&apart, 1}, step, may_stop);
  }
}

template class Executor<float>;
template class Executor<double>;

}  // namespace fanin
