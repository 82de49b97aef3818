// Times fanin as C++ programs use it. Requests come a line at a time on standard input, answers go a line at
// a time to standard output; threads are those of FANIN_NUM_THREADS.
//
//   prepare CASE ...      "ready", with a case of cases.hpp: products, predictions or steps
//   check WHAT            a number that must agree with the peers'
//   round SECONDS WHAT    microseconds a call, from about this many seconds of calls
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>

#include "cases.hpp"

namespace fanin_bench {
namespace {

const std::map<std::string, std::unique_ptr<Case> (*)(std::istringstream&)> kCases = {
    {"products", products}, {"predictions", predictions}, {"steps", steps}};

// Calls double until they fill half of the time: the last run of them is timed, the others warm up.
double microseconds_per_call(Case& prepared, const std::string& what, double seconds) {
  for (std::size_t n = 1;; n *= 2) {
    const double measured = prepared.run(what, n);
    if (measured >= seconds / 2) return 1e6 * measured / static_cast<double>(n);
  }
}

std::string rest_of(std::istringstream& words) {
  std::string rest;
  std::getline(words >> std::ws, rest);
  return rest;
}

int serve() {
  std::unique_ptr<Case> prepared;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string request, name;
    double seconds = 0;
    words >> request;
    if (request == "prepare" && words >> name && kCases.count(name) > 0) {
      prepared.reset();  // two large cases at once may not fit into memory
      prepared = kCases.at(name)(words);
      std::puts("ready");
    } else if (request == "check" && prepared) {
      std::printf("%.17g\n", prepared->check(rest_of(words)));
    } else if (request == "round" && prepared && words >> seconds) {
      std::printf("%.6f\n", microseconds_per_call(*prepared, rest_of(words), seconds));
    } else {
      std::fprintf(stderr, "not a request, or no case prepared: %s\n", line.c_str());
      return 2;
    }
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace fanin_bench

int main() try { return fanin_bench::serve(); } catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
