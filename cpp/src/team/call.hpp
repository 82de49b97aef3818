// A single call on a team, such as one product of a user's matrices or one update of a user's arrays.
#pragma once

#include "base/registry.hpp"
#include "team/add.hpp"
#include "team/retreat.hpp"
#include "team/team.hpp"

namespace fanin {

// Shared by all such calls of the process. A failed attempt costs a time slice, about 10 ms; staying alone
// much longer than the interference lasts would cost more. Two threads gain about the time of a call.
inline Retreat& retreat_of_calls() {
  static Retreat retreat{0, 0.1, 2};
  return retreat;
}

// body(thread, threads) on each thread of a team of at most `threads`; on a single thread for a while after a
// call in which threads waited for longer than they worked
template <class F>
void run_call(int threads, F&& body) {
  active_kernels();  // a wrong FANIN_ISA throws here, not in a thread of a team
  constexpr double long_wait = 1e-3, waiting_share = 0.5;
  Retreat& retreat = retreat_of_calls();
  const double start = threads > 1 ? seconds_now() : 0;
  if (threads == 1 || !retreat.over(start)) {
    return run_team(1, [&](int thread, int team) { body(thread, team); });
  }
  Barrier done;
  std::atomic<double> waited{0};
  run_team(threads, [&](int thread, int team) {
    body(thread, team);
    const double seconds = done.wait(team);
    if (seconds > long_wait) add(waited, seconds / (team - 1));
  });
  const double now = seconds_now(), seconds = now - start,
               long_waits = waited.load(std::memory_order_relaxed);
  if (long_waits > waiting_share * seconds) {
    retreat.begin(now, seconds);
  } else if (long_waits == 0) {
    retreat.went_well(seconds);
  }
}

}  // namespace fanin
