// Prediction as a program embeds it.
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "cases.hpp"
#include "fanin/fanin.hpp"

namespace fanin_bench {
namespace {

using namespace fanin;

class Predictions final : public Case {
 public:
  Predictions(std::size_t rows, const std::filesystem::path& model, const std::filesystem::path& samples)
      : net_(Network<float>::load(model)),
        rows_(rows),
        x_(rows * net_.inputs()),
        out_(rows * net_.outputs()) {
    std::ifstream file(samples, std::ios::binary);
    file.read(reinterpret_cast<char*>(x_.data()), static_cast<std::streamsize>(x_.size() * sizeof(float)));
    if (!file) throw ValueError("samples: expected " + std::to_string(x_.size()) + " floats");
  }

  double check(const std::string&) override {
    predict(net_);
    double sum = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      sum += static_cast<double>(out_[i]) * checksum_weight(i / net_.outputs(), i % net_.outputs());
    }
    return sum;
  }

  double run(const std::string& what, std::size_t n) override {
    if (what == "start") return start(n);
    const double begin = now();
    for (std::size_t i = 0; i < n; ++i) predict(net_);
    return now() - begin;
  }

 private:
  double start(std::size_t n) {
    const std::filesystem::path model =
        std::filesystem::temp_directory_path() / ("fanin_bench_" + std::to_string(std::random_device()()));
    net_.save(model);
    const double begin = now();
    for (std::size_t i = 0; i < n; ++i) predict(Network<float>::load(model));
    const double seconds = now() - begin;
    std::filesystem::remove(model);
    return seconds;
  }

  void predict(const Network<float>& net) {
    net.predict(row_major<const float>(x_.data(), rows_, net.inputs()),
                row_major(out_.data(), rows_, net.outputs()));
  }

  const Network<float> net_;
  const std::size_t rows_;
  std::vector<float> x_, out_;
};

}  // namespace

std::unique_ptr<Case> predictions(std::istringstream& words) {
  std::size_t rows = 0;
  std::string model, samples;
  words >> rows >> model >> samples;
  return std::make_unique<Predictions>(rows, model, samples);
}

}  // namespace fanin_bench
