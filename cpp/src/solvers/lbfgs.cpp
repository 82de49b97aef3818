#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "fanin/error.hpp"
#include "solvers/directions.hpp"

namespace fanin {
namespace {

// The two-loop recursion over a ring of pairs
template <class T>
class DirectionsOfLBFGS final : public Directions<T> {
 public:
  DirectionsOfLBFGS(const LBFGS& solver, std::size_t n) : n_(n), memory_(solver.memory) {}

  void next(std::span<const T> g, std::span<T> d) override {
    for (std::size_t i = 0; i < n_; ++i) d[i] = -g[i];
    if (count_ == 0) return;
    for (std::size_t age = 0; age < count_; ++age) {
      Pair& pair = pairs_[place(age)];
      pair.share = dot<T>(pair.s, d) / pair.product;
      add_scaled<T>(d, -pair.share, pair.y, d);
    }
    const T scale = static_cast<T>(scale_);
    for (std::size_t i = 0; i < n_; ++i) d[i] *= scale;
    for (std::size_t age = count_; age-- > 0;) {
      const Pair& pair = pairs_[place(age)];
      add_scaled<T>(d, pair.share - dot<T>(pair.y, d) / pair.product, pair.s, d);
    }
  }

  double first_length(LineSearch<T>&, std::span<const T>, double, std::span<const T> g, std::span<const T>,
                      double) const override {
    return count_ > 0 ? 1 : 1 / std::sqrt(dot<T>(g, g));
  }

  // A pair that is skipped has taken the place of the oldest one.
  void learn(const StepTaken<T>& step) override {
    if (count_ == pairs_.size() && count_ < memory_) {
      pairs_.push_back({std::vector<T>(n_), std::vector<T>(n_)});
      newest_ = count_ - 1;
    }
    const std::size_t at = (newest_ + 1) % pairs_.size();
    Pair& pair = pairs_[at];
    for (std::size_t i = 0; i < n_; ++i) {
      pair.s[i] = step.x[i] - step.x_before[i];
      pair.y[i] = step.g[i] - step.g_before[i];
    }
    if (!measure(pair)) {
      count_ = std::min(count_, pairs_.size() - 1);
      return;
    }
    newest_ = at;
    count_ = std::min(count_ + 1, pairs_.size());
  }

  void forget() override { count_ = 0; }
  bool knows() const override { return count_ > 0; }

  // s and y of each pair, from the oldest
  SolverMemory<T> memory() const override {
    SolverMemory<T> memory;
    for (std::size_t age = count_; age-- > 0;) {
      const Pair& pair = pairs_[place(age)];
      memory.vectors.push_back(pair.s);
      memory.vectors.push_back(pair.y);
    }
    return memory;
  }

  void recall(const SolverMemory<T>& memory) override {
    const std::size_t count = memory.vectors.size() / 2;
    if (!memory.numbers.empty() || memory.vectors.size() % 2 != 0 || count > memory_) {
      throw ValueError("lbfgs: expected at most " + std::to_string(memory_) + " pairs of vectors, got " +
                       std::to_string(memory.vectors.size()) + " vectors and " +
                       std::to_string(memory.numbers.size()) + " numbers");
    }
    pairs_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      pairs_.push_back({memory.vectors[2 * i], memory.vectors[2 * i + 1]});
      if (!measure(pairs_.back())) throw ValueError("lbfgs: expected vectors with s'y > 2.2e-16 y'y");
    }
    count_ = count;
    newest_ = count - 1;
  }

 private:
  struct Pair {
    std::vector<T> s, y;
    double product = 0, share = 0;  // s'y; and alpha of the recursion
  };
  // False if the pair is to be skipped
  bool measure(Pair& pair) {
    pair.product = dot<T>(pair.s, pair.y);
    const double squares = dot<T>(pair.y, pair.y);
    if (!(pair.product > std::numeric_limits<double>::epsilon() * squares)) return false;
    scale_ = pair.product / squares;
    return true;
  }
  std::size_t place(std::size_t age) const { return (newest_ + pairs_.size() - age) % pairs_.size(); }

  const std::size_t n_, memory_;
  std::vector<Pair> pairs_;  // memory comes with the pairs
  std::size_t newest_ = 0, count_ = 0;
  double scale_ = 1;  // s'y / y'y of the newest
};

}  // namespace

template <class T>
std::unique_ptr<Directions<T>> directions_of(const LBFGS& solver, std::size_t n) {
  return std::make_unique<DirectionsOfLBFGS<T>>(solver, n);
}
template std::unique_ptr<Directions<float>> directions_of(const LBFGS&, std::size_t);
template std::unique_ptr<Directions<double>> directions_of(const LBFGS&, std::size_t);

}  // namespace fanin
