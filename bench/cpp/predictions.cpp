// Prediction as a program embeds it.
#include <algorithm>
#include <filesystem>
#include <random>
#include <vector>

#include "cases.hpp"
#include "fanin/fanin.hpp"
#include "team/team.hpp"

namespace fanin::bench {

// "predict", or "start": load the model and predict once
class Predictions final : public Case {
 public:
  Predictions(const char* model, const float* x, std::size_t rows)
      : net_(Network<float>::load(model)), rows_(rows), x_(x, x + rows * net_.inputs()) {}

  void check(const std::string&, double* result) override {
    predict(net_);
    std::copy(out_.begin(), out_.end(), result);
  }

  double seconds(const std::string& what, std::size_t n) override {
    const bool start = what == "start";
    const std::filesystem::path model =
        std::filesystem::temp_directory_path() / ("fanin_bench_" + std::to_string(std::random_device()()));
    if (start) net_.save(model);
    const double begin = seconds_now();
    for (std::size_t i = 0; i < n; ++i) start ? predict(Network<float>::load(model)) : predict(net_);
    const double seconds = seconds_now() - begin;
    std::filesystem::remove(model);
    return seconds;
  }

 private:
  void predict(const Network<float>& net) {
    net.predict(row_major<const float>(x_.data(), rows_, net.inputs()),
                row_major(out_.data(), rows_, net.outputs()));
  }

  const Network<float> net_;
  const std::size_t rows_;
  const std::vector<float> x_;
  std::vector<float> out_ = std::vector<float>(rows_ * net_.outputs());
};

extern "C" void prepare_predictions(const char* model, const float* x, std::size_t rows) noexcept {
  prepare<Predictions>(model, x, rows);
}

}  // namespace fanin::bench
