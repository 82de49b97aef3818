// Training steps as the library takes them, without the epochs around them.
#include <cmath>
#include <numeric>
#include <span>

#include "base/random.hpp"
#include "cases.hpp"
#include "fanin/rules/all.hpp"
#include "network/model.hpp"
#include "plan/step.hpp"

namespace fanin_bench {
namespace {

using namespace fanin;

Method method_named(const std::string& rule) {
  if (rule == "sgd") return SGD{};
  if (rule == "rmsprop") return RMSprop{};
  if (rule == "adam") return Adam{};
  throw ValueError("rule: expected sgd, rmsprop or adam, got " + rule);
}

std::vector<Layer> layers_of(const std::vector<std::size_t>& units) {
  std::vector<Layer> layers;
  for (const std::size_t n : units) layers.emplace_back(n, activation<Relu>);
  layers.back() = Layer(units.back());
  return layers;
}

class Steps final : public Case {
 public:
  Steps(const Method& method, std::size_t batch, std::size_t inputs, const std::vector<std::size_t>& units)
      : method_(method),
        layers_(layers_of(units)),
        nodes_(inputs, layers_),
        x_(kBatches * batch * inputs),
        y_(kBatches * batch),
        order_(y_.size()),
        samples_(row_major<const float>(x_.data(), y_.size(), inputs)),
        targets_(std::span<const std::int64_t>(y_)),
        loss_(SoftmaxCrossEntropy{}, units.back()),
        statistics_(nodes_),
        parameters_(nodes_.table.size),
        batch_(batch) {
    for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = static_cast<float>(i * 2654435761U % 4096) / 2048 - 1;
    for (std::size_t i = 0; i < y_.size(); ++i) y_[i] = static_cast<std::int64_t>(i % units.back());
    std::iota(order_.begin(), order_.end(), 0U);
    start();
  }

  double check(const std::string& way) override {
    start();
    if (way != "none") run(way, 3, true);
    run("none", 1, true);
    return loss_of_last_;
  }

  // Seconds of n steps, one after the other in one parallel region
  double run(const std::string& way, std::size_t n) override { return run(way, n, false); }

 private:
  static constexpr std::size_t kBatches = 8;

  double run(const std::string& way, std::size_t n, bool same_batch) {
    // The method decides whether the whole gradient comes first. A group of several batches needs it, and
    // each step here is the only one of its group.
    Method method = method_;
    if (way != "fused") method.accumulate = 2;
    const std::function<bool()> nobody;
    Step<float> step(nodes_.inputs, layers_, statistics_, loss_.get(), {targets_, false, batch_}, nobody);
    step.allocate(method);
    const DataSource data{
        .x = &samples_, .y = &targets_, .weights = ScaledWeights(SampleWeights{}), .order = order_.data()};
    const auto batch = [&](std::size_t i) {
      return Batch{.number = i, .first = same_batch ? 0 : i % kBatches * batch_, .rows = batch_};
    };
    double seconds = 0;
    const FloatingPointScope modes;
    run_team(team_size(), [&](int thread, int threads) {
      const Member member{thread, threads};
      step.gather(member, data, batch(0));
      const double begin = now();
      for (std::size_t i = 0; i < n; ++i) one_step(step, member, data, batch(i), batch(i + 1), way, i + 1);
      if (thread == 0) seconds = now() - begin;
    });
    loss_of_last_ = step.batch_loss() / step.batch_weight();
    if (!std::isfinite(loss_of_last_)) throw ValueError("loss: expected a finite number");
    return seconds;
  }

  void start() {
    parameters_.clear();
    for (const auto& node : nodes_.list) node->initialize(parameters_.data(), 0);
    state_ = {};
    state_.resume(method_, nodes_.table);
    state_.convert_all(Direction::to_trained, parameters_.data(), parameters_.data(), nodes_.table,
                       {0, nodes_.table.size});
  }

  void one_step(Step<float>& step, Member member, const DataSource& data, Batch now, Batch next,
                const std::string& way, std::size_t t) {
    const bool none = way == "none";
    const Turn turn{
        .data = data, .batch = now, .next = next, .group = {.many = none, .first = true, .last = !none}};
    step.forward(member, turn, parameters_.data());
    if (none) return step.add_to_group(member, turn);
    const StepConstants begun = begin_step(method_, Moment(t));
    Update<float> update = state_.update(method_, t, t - 1, parameters_.data());
    update.constants = begun.constants();
    update.rate = begun.learning_rate;
    step.update(member, turn, update);
  }

  const Method method_;
  const std::vector<Layer> layers_;
  const Nodes<float> nodes_;
  std::vector<float> x_;
  std::vector<std::int64_t> y_;
  std::vector<std::uint32_t> order_;
  const Samples samples_;
  const Targets targets_;
  const LossForKernels<float> loss_;
  RunningStatistics<float> statistics_;
  Buffer<float> parameters_;
  RuleState<float> state_;
  const std::size_t batch_;
  double loss_of_last_ = 0;
};

}  // namespace

std::unique_ptr<Case> steps(std::istringstream& words) {
  std::string rule;
  std::size_t batch = 0, inputs = 0;
  words >> rule >> batch >> inputs;
  std::vector<std::size_t> units;
  for (std::size_t n = 0; words >> n;) units.push_back(n);
  return std::make_unique<Steps>(method_named(rule), batch, inputs, units);
}

}  // namespace fanin_bench
