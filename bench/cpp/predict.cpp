// Times prediction as a program embeds it. Requests come a line at a time on standard input, answers go a
// line at a time to standard output.
//
// prepare ROWS MODEL SAMPLES: "ready", with the model of that file and as many rows of the floats of the
// other
//
// check: the checksum of the predictions
//
// round SECONDS: microseconds a call, from about this many seconds of calls
//
// start SECONDS: microseconds of loading the model from a file and predicting once, the median of several
//
// Threads are those of FANIN_NUM_THREADS.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "fanin/fanin.hpp"

namespace {

using namespace fanin;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Server {
 public:
  Server(std::size_t rows, const std::string& model, const std::string& samples)
      : net_(Network<float>::load(model)), x_(rows * net_.inputs()), out_(rows * net_.outputs()) {
    std::ifstream file(samples, std::ios::binary);
    file.read(reinterpret_cast<char*>(x_.data()), static_cast<std::streamsize>(x_.size() * sizeof(float)));
    if (!file) throw ValueError("samples: expected " + std::to_string(x_.size()) + " floats");
  }

  // Sum of m_ij ((3 i + 5 j) mod 11 - 5), as the peers form it
  double check() {
    predict(net_);
    double sum = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      const std::size_t row = i / net_.outputs(), column = i % net_.outputs();
      sum += static_cast<double>(out_[i]) * (static_cast<double>((3 * row + 5 * column) % 11) - 5);
    }
    return sum;
  }

  // Calls double until they fill half of the time, so that the last run of them is timed and the others warm
  // up.
  double microseconds_per_call(double seconds) {
    for (long n = 1;; n *= 2) {
      const double start = seconds_now();
      for (long i = 0; i < n; ++i) predict(net_);
      const double measured = seconds_now() - start;
      if (measured >= seconds / 2) return 1e6 * measured / static_cast<double>(n);
    }
  }

  double microseconds_to_start(double seconds) {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() /
        ("fanin_bench_" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
    net_.save(path);
    std::vector<double> times;
    for (const double first = seconds_now(); times.size() < 3 || seconds_now() - first < seconds;) {
      const double start = seconds_now();
      predict(Network<float>::load(path));
      times.push_back(seconds_now() - start);
    }
    std::filesystem::remove(path);
    std::sort(times.begin(), times.end());
    return 1e6 * times[times.size() / 2];
  }

 private:
  void predict(const Network<float>& net) {
    const std::size_t rows = out_.size() / net.outputs();
    net.predict(row_major<const float>(x_.data(), rows, net.inputs()),
                row_major(out_.data(), rows, net.outputs()));
  }

  Network<float> net_;
  std::vector<float> x_, out_;
};

}  // namespace

int main() try {
  std::unique_ptr<Server> server;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string request;
    words >> request;
    if (request == "prepare") {
      std::size_t rows = 0;
      std::string model, samples;
      words >> rows >> model >> samples;
      server = std::make_unique<Server>(rows, model, samples);
      std::puts("ready");
    } else if (request == "check" && server) {
      std::printf("%.17g\n", server->check());
    } else if ((request == "round" || request == "start") && server) {
      double seconds = 0;
      words >> seconds;
      std::printf("%.6f\n", request == "round" ? server->microseconds_per_call(seconds)
                                               : server->microseconds_to_start(seconds));
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
