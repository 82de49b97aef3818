// Runs the phases of a plan on a team. Nodes know nothing about threads or interruption.
#pragma once

#include <atomic>
#include <functional>

#include "plan/plan.hpp"
#include "team/team.hpp"

namespace fanin {

template <class T>
class Executor {
 public:
  // Thread 0 calls `interrupted`; within a phase, only if `polling`
  Executor(bool polling, const std::function<bool()>& interrupted)
      : polling_(polling), interrupted_by_caller_(interrupted) {}

  // The members of a team call these together. Jobs are divided among the threads by cost. A phase ends with
  // a barrier. If the step is interrupted, a phase that may stop skips the blocks that it has not begun.
  void run(Member member, std::span<const Job<T>* const> phase, const StepOf<T>& step, bool may_stop);
  void barrier(Member member);
  // A thread's share of units that all have the same cost
  static Range share(Member member, std::size_t units) {
    return Share(member.thread, member.threads, 1).take(units, 1);
  }

  // Seconds that all threads together have waited at barriers so far
  double waited() const { return waited_.load(std::memory_order_relaxed); }
  bool interrupted() const { return interrupted_.load(std::memory_order_relaxed); }
  bool poll();
  // Whether the caller interrupts, which this does not remember; and interrupts, whoever asked for it
  bool asked();
  void interrupt() { interrupted_.store(true, std::memory_order_relaxed); }
  void observe(Observer<T>* observer) { observer_ = observer; }
  void restart() { interrupted_.store(false, std::memory_order_relaxed); }

 private:
  struct Grid {
    std::size_t columns, rows;  // units
  };
  // How a job is divided: its units are columns, or cells of the grid
  struct Cut {
    Grid grid;
    const Job<T>* apart;  // the first of the jobs that follow which needs a phase of its own
    std::size_t units;
    bool whole_columns, whole_rows;  // needed by one of those that follow in the same phase
  };
  static Batch batch_of(const Job<T>& job, const StepOf<T>& step);
  static Cut cut_of(const Job<T>& job, const Batch& batch, Member member);
  static bool is_even(const Cut& cut, Member member) {
    return cut.units % static_cast<std::size_t>(member.threads) == 0;
  }
  static double cost_of_others(Member member, std::span<const Job<T>* const> phase, const StepOf<T>& step);
  bool take(Member member, Share& others, const Job<T>& job, const StepOf<T>& step, bool may_poll);
  static std::size_t rows_of(const Job<T>& job, const Batch& batch);
  static Grid grid_of(const Job<T>& job, const Batch& batch);
  static const Job<T>* first_apart(const Job<T>& job, Grid grid, Member member);
  void run_chain(const Job<T>& job, const Job<T>* end, const Job<T>& first, const StepOf<T>& step,
                 Range columns, Range rows);
  bool abandoned(Member member);

  const bool polling_;
  const std::function<bool()>& interrupted_by_caller_;
  Observer<T>* observer_ = nullptr;
  double last_poll_ = 0;
  std::atomic<double> waited_{0};
  std::atomic<bool> interrupted_{false};
  Barrier barrier_;
};

extern template class Executor<float>;
extern template class Executor<double>;

}  // namespace fanin
