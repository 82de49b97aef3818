// Checks and times the prepared case.
#include "cases.hpp"

extern "C" void check(const char* what, double* result) noexcept {
  fanin::bench::prepared->check(what, result);
}

// Microseconds a call, from about this many seconds of calls: they double until they fill half of the time.
// The last run of them is timed, the others warm up.
extern "C" double microseconds(const char* what, double seconds) noexcept {
  for (std::size_t n = 1;; n *= 2) {
    const double measured = fanin::bench::prepared->seconds(what, n);
    if (measured >= seconds / 2) return 1e6 * measured / static_cast<double>(n);
  }
}
