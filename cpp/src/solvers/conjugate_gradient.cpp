#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fanin/error.hpp"
#include "solvers/directions.hpp"

namespace fanin {
namespace {

// Of the first length: its share of |x| / |g| or f / |g|^2 at the start; of the last length, where a parabola
// is fitted, and what is tried without one (Hager and Zhang's psi)
constexpr double kFirstLength = 0.01, kParabolaAt = 0.1, kLongerLength = 2;

template <class T>
class ConjugateDirections final : public Directions<T> {
 public:
  ConjugateDirections(const ConjugateGradient& solver, std::size_t n) : solver_(solver), last_(n) {}

  void next(std::span<const T> g, std::span<T> d) override {
    const T share = static_cast<T>(knows_ ? beta_ : 0);
    for (std::size_t i = 0; i < g.size(); ++i) d[i] = share * last_[i] - g[i];
  }

  double first_length(LineSearch<T>& line, std::span<const T> x, double f, std::span<const T> g,
                      std::span<const T> d, double slope) const override {
    double length = kLongerLength * length_, shorter = kParabolaAt * length_;
    if (length_ == 0) {
      const double size = largest_size<T>(x);
      length = size > 0   ? kFirstLength * size / largest_size<T>(g)
               : f != 0.0 ? kFirstLength * std::abs(f) / dot<T>(g, g)
                          : 1.0;
      shorter = length;
    }
    const double value = line.value(x, d, shorter);
    const double curvature = (value - f - shorter * slope) / (shorter * shorter);
    return value <= f && curvature > 0 ? -slope / (2 * curvature) : length;
  }

  void learn(const StepTaken<T>& step) override {
    beta_ = beta(step);
    std::copy(step.d.begin(), step.d.end(), last_.begin());
    length_ = step.length;
    knows_ = std::isfinite(beta_);
  }

  void forget() override { knows_ = false; }
  bool knows() const override { return knows_; }

  // The last length, beta, and the last direction, if it is to be used
  SolverMemory<T> memory() const override {
    if (!knows_) return {{length_, 0.0}, {}};
    return {{length_, beta_}, {last_}};
  }

  void recall(const SolverMemory<T>& memory) override {
    if (memory.numbers.size() != 2 || memory.vectors.size() > 1 || !(memory.numbers[0] >= 0)) {
      throw ValueError(
          "conjugate_gradient: expected a length of at least 0, beta and at most 1 vector, got " +
          std::to_string(memory.numbers.size()) + " numbers and " + std::to_string(memory.vectors.size()) +
          " vectors");
    }
    length_ = memory.numbers[0];
    beta_ = memory.numbers[1];
    knows_ = !memory.vectors.empty();
    if (knows_) last_ = memory.vectors[0];
  }

 private:
  double beta(const StepTaken<T>& step) const {
    const double after = dot<T>(step.g, step.g), before = dot<T>(step.g_before, step.g_before),
                 y_g = after - dot<T>(step.g, step.g_before);
    if (solver_.beta == ConjugateGradient::polak_ribiere) return std::max(y_g / before, 0.0);
    const double d_g = dot<T>(step.d, step.g), d_before = dot<T>(step.d, step.g_before), d_y = d_g - d_before,
                 y_y = 2 * y_g + before - after;
    const double found = (y_g - 2 * d_g * y_y / d_y) / d_y;
    return std::max(found, solver_.eta * d_before / dot<T>(step.d, step.d));
  }

  const ConjugateGradient solver_;
  std::vector<T> last_;  // d
  double beta_ = 0, length_ = 0;
  bool knows_ = false;
};

}  // namespace

template <class T>
std::unique_ptr<Directions<T>> directions_of(const ConjugateGradient& solver, std::size_t n) {
  return std::make_unique<ConjugateDirections<T>>(solver, n);
}
template std::unique_ptr<Directions<float>> directions_of(const ConjugateGradient&, std::size_t);
template std::unique_ptr<Directions<double>> directions_of(const ConjugateGradient&, std::size_t);

}  // namespace fanin
