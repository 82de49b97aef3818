// Training steps as the library takes them, without the epochs around them.
#include <cmath>
#include <map>
#include <numeric>

#include "cases.hpp"
#include "fanin/rules/all.hpp"
#include "network/model.hpp"
#include "plan/step.hpp"

namespace fanin::bench {

const std::map<std::string, Method> kMethods = {{"sgd", SGD{}}, {"rmsprop", RMSprop{}}, {"adam", Adam{}}};

std::vector<Layer> layers_of(const std::vector<std::size_t>& sizes) {
  std::vector<Layer> layers;
  for (std::size_t i = 1; i + 1 < sizes.size(); ++i) layers.emplace_back(sizes[i], activation<Relu>);
  layers.emplace_back(sizes.back());
  return layers;
}

// A ReLU net with soft-max cross-entropy. Weights are updated inside the blocks of their gradient ("fused"),
// after the whole gradient has been written ("flat"), or not at all ("none").
class Steps final : public Case {
 public:
  Steps(const char* rule, const std::vector<std::size_t>& sizes, std::size_t batch, std::size_t batches,
        const float* x, const std::int64_t* y)
      : method_(kMethods.at(rule)),
        layers_(layers_of(sizes)),
        nodes_(sizes.front(), layers_),
        batch_(batch),
        batches_(batches),
        x_(x, x + batches * batch * sizes.front()),
        y_(y, y + batches * batch) {
    std::iota(order_.begin(), order_.end(), 0U);
  }

  void check(const std::string& way, double* loss) override {
    parameters_.clear();
    for (const auto& node : nodes_.list) node->initialize(parameters_.data(), 0);
    state_ = {};
    state_.resume(method_, nodes_.table);
    if (way != "none") seconds(way, 3);
    seconds("none", 1);
    *loss = loss_of_last_;
  }

  // One step after the other in one parallel region, from where the check ended
  double seconds(const std::string& way, std::size_t n) override {
    // The method decides whether the whole gradient comes first. A group of several batches needs it, and
    // each step here is the only one of its group.
    Method method = method_;
    if (way != "fused") method.accumulate = 2;
    const std::function<bool()> nobody;
    Step<float> step(nodes_.inputs, layers_, statistics_, loss_.get(), {targets_, false, batch_}, nobody);
    step.allocate(method);
    double seconds = 0;
    const FloatingPointScope modes;
    run_team(team_size(), [&](int thread, int threads) {
      const Member member{thread, threads};
      step.gather(member, data_, batch(0));
      const double begin = seconds_now();
      for (std::size_t i = 0; i < n; ++i) one_step(step, member, i, way == "none");
      if (thread == 0) seconds = seconds_now() - begin;
    });
    loss_of_last_ = step.batch_loss() / step.batch_weight();
    if (!std::isfinite(loss_of_last_)) throw ValueError("loss: expected a finite number");
    return seconds;
  }

 private:
  Batch batch(std::size_t i) const { return {.number = i, .first = i % batches_ * batch_, .rows = batch_}; }

  void one_step(Step<float>& step, Member member, std::size_t i, bool without_update) {
    const Turn turn{.data = data_,
                    .batch = batch(i),
                    .next = batch(i + 1),
                    .group = {.many = without_update, .first = true, .last = !without_update}};
    step.forward(member, turn, parameters_.data());
    if (without_update) return step.add_to_group(member, turn);
    const StepConstants begun = begin_step(method_, Moment(i + 1));
    Update<float> update = state_.update(method_, i + 1, i, parameters_.data());
    update.constants = begun.constants();
    update.rate = begun.learning_rate;
    step.update(member, turn, update);
  }

  const Method method_;
  const std::vector<Layer> layers_;
  const Nodes<float> nodes_;
  const std::size_t batch_, batches_;
  const std::vector<float> x_;
  const std::vector<std::int64_t> y_;
  std::vector<std::uint32_t> order_ = std::vector<std::uint32_t>(y_.size());
  const Samples samples_ = row_major(x_.data(), y_.size(), nodes_.inputs);
  const Targets targets_ = Labels(std::span(y_));
  const DataSource data_{
      .x = &samples_, .y = &targets_, .weights = ScaledWeights(SampleWeights{}), .order = order_.data()};
  const LossForKernels<float> loss_{SoftmaxCrossEntropy{}, nodes_.outputs()};
  RunningStatistics<float> statistics_{nodes_};
  Buffer<float> parameters_{nodes_.table.size};
  RuleState<float> state_;
  double loss_of_last_ = 0;
};

extern "C" void prepare_steps(const char* rule, const std::size_t* sizes, std::size_t n_sizes,
                              std::size_t batch, std::size_t batches, const float* x,
                              const std::int64_t* y) noexcept {
  prepare<Steps>(rule, std::vector(sizes, sizes + n_sizes), batch, batches, x, y);
}

}  // namespace fanin::bench
