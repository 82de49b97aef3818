// Steps of a stream as a program embeds it.
#include <algorithm>
#include <vector>

#include "cases.hpp"
#include "fanin/fanin.hpp"
#include "team/team.hpp"

namespace fanin::bench {

// "step": the next row of a stream, of which the first rows are checked
class Streams final : public Case {
 public:
  Streams(const char* model, const float* x, std::size_t rows)
      : net_(Network<float>::load(model)), rows_(rows), x_(x, x + rows * net_.inputs()) {}

  void check(const std::string&, double* result) override {
    state_.reset();
    for (std::size_t row = 0; row < rows_; ++row) {
      step(row);
      result = std::copy(out_.begin(), out_.end(), result);
    }
  }

  double seconds(const std::string&, std::size_t n) override {
    const double begin = seconds_now();
    for (std::size_t i = 0; i < n; ++i) step(0);
    return seconds_now() - begin;
  }

 private:
  void step(std::size_t row) {
    net_.step(row_major<const float>(x_.data() + row * net_.inputs(), 1, net_.inputs()),
              row_major(out_.data(), 1, net_.outputs()), state_);
  }

  const Network<float> net_;
  const std::size_t rows_;
  const std::vector<float> x_;
  std::vector<float> out_ = std::vector<float>(net_.outputs());
  RecurrentState<float> state_ = net_.new_state(1);
};

extern "C" void prepare_streams(const char* model, const float* x, std::size_t rows) noexcept {
  prepare<Streams>(model, x, rows);
}

}  // namespace fanin::bench
