// What the programs that time one case after another have in common: requests a line at a time on standard
// input, answers a line at a time on standard output.
#pragma once

#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>

namespace fanin_bench {

// Calls double until they fill half of the time, so that the last run of them is timed and the others warm
// up.
template <class Case>
double microseconds_per_call(Case& prepared, const std::string& kind, double seconds) {
  std::size_t n = 1;
  double measured = prepared.run(kind, n);
  while (measured < seconds / 2) {
    n *= 2;
    measured = prepared.run(kind, n);
  }
  return 1e6 * measured / static_cast<double>(n);
}

// prepare ...: "ready", once make(words) has given the pointer to a case; check KIND: its check(kind);
// round KIND SECONDS: microseconds of each of its run(kind, n), which gives the seconds of n calls
template <class Make>
int serve(Make&& make) try {
  std::istringstream nothing;
  decltype(make(nothing)) prepared;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string request, kind;
    words >> request;
    if (request == "prepare") {
      prepared.reset();  // two large cases at once may not fit into memory
      prepared = make(words);
      std::puts("ready");
    } else if (request == "check" && prepared) {
      words >> kind;
      std::printf("%.17g\n", prepared->check(kind));
    } else if (request == "round" && prepared) {
      double seconds = 0;
      words >> kind >> seconds;
      std::printf("%.6f\n", microseconds_per_call(*prepared, kind, seconds));
    } else {
      std::fprintf(stderr, "not a request, or no case prepared: %s\n", line.c_str());
      return 2;
    }
    std::fflush(stdout);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

}  // namespace fanin_bench
