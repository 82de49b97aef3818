// Training steps as the library takes them, without the epochs around them.
#include <cmath>
#include <map>

#include "base/random.hpp"
#include "cases.hpp"
#include "fanin/rules/all.hpp"
#include "network/model.hpp"
#include "plan/step.hpp"
#include "team/limit.hpp"

namespace fanin::bench {

const std::map<std::string, Method> kMethods = {{"sgd", SGD{}}, {"rmsprop", RMSprop{}}, {"adam", Adam{}}};

std::vector<Layer> layers_of(const std::vector<std::size_t>& sizes, bool batch_norm) {
  std::vector<Layer> layers;
  for (std::size_t i = 1; i + 1 < sizes.size(); ++i) {
    layers.emplace_back(sizes[i], activation<Relu>, Automatic{}, Zeros{},
                        batch_norm ? std::optional(BatchNorm{}) : std::nullopt);
  }
  layers.emplace_back(sizes.back());
  return layers;
}

// Adds up how long each job takes, and what a step asks for before its jobs
class Stamps final : public Observer<float> {
 public:
  struct Sum {
    const Job<float>* job;
    std::string name;
    double seconds = 0, runs = 0;
  };

  void run(const Job<float>& job, const StepOf<float>& step, Range columns, Range rows) override {
    time(&job, [&] { job.work->run(job.part, step, columns, rows); });
  }
  template <class F>
  void time(const Job<float>* job, F&& run) {
    Sum& sum = sum_of(job);
    const double begin = seconds_now();
    run();
    sum.seconds += seconds_now() - begin;
    ++sum.runs;
  }

  std::vector<Sum> sums;

 private:
  // Looks first for the job that followed the last one in the step before
  Sum& sum_of(const Job<float>* job) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      last_ = last_ + 1 < sums.size() ? last_ + 1 : 0;
      if (sums[last_].job == job) return sums[last_];
    }
    last_ = sums.size();
    if (job == nullptr) return sums.emplace_back(Sum{job, "prefetch"});
    const auto* const node = dynamic_cast<const Node<float>*>(job->work);
    const std::string layer = node == nullptr ? "" : ", layer " + std::to_string(node->layer + 1);
    return sums.emplace_back(Sum{job, job->name + layer});
  }
  std::size_t last_ = 0;
};

// What stamps add to a job that does nothing: between them, and in all
struct Overhead final : Work<float> {
  Overhead() {
    constexpr int n = 10'000;
    const Job<float> job = following<float>("", this, 0, 1);
    Stamps stamps;
    const double begin = seconds_now();
    for (int i = 0; i < n; ++i) stamps.run(job, {}, {}, {});
    in_all = (seconds_now() - begin) / n;
    between = stamps.sums.front().seconds / n;
  }
  void run(int, const StepOf<float>&, Range, Range) const override {}

  double between, in_all;
};

// A ReLU net with soft-max cross-entropy. Weights are updated inside the blocks of their gradient ("fused"),
// after the whole gradient has been written ("flat"), or not at all ("none").
class Steps final : public Case {
 public:
  Steps(const char* rule, const std::vector<std::size_t>& sizes, bool batch_norm, std::size_t batch,
        std::size_t batches, const float* x, const std::int64_t* y)
      : method_(kMethods.at(rule)),
        layers_(layers_of(sizes, batch_norm)),
        nodes_(sizes.front(), layers_),
        batch_(batch),
        batches_(batches),
        x_(x, x + batches * batch * sizes.front()),
        y_(y, y + batches * batch),
        samples_(row_major<const float>(x_.data(), y_.size(), sizes.front())) {
    permute(order_.data(), static_cast<std::uint32_t>(order_.size()), Philox(0, 0));
  }
  // On coded rows, with labels 0 and 1, or on the columns that they stand for
  Steps(const std::vector<std::size_t>& sizes, std::size_t batch, CodedTable table, bool dense)
      : method_(Adam{}),
        layers_(layers_of(sizes, false)),
        nodes_(sizes.front(), layers_),
        batch_(batch),
        batches_(table.rows / batch),
        table_(std::move(table)),
        x_(dense ? table_.rows * sizes.front() : 0),
        y_(table_.rows),
        samples_(table_.view()) {
    if (dense) {
      const MatrixView<float> columns = row_major(x_.data(), y_.size(), sizes.front());
      to_dense(table_.view(), columns);
      samples_ = MatrixView<const float>(columns);
    }
    for (std::size_t i = 0; i < y_.size(); ++i) y_[i] = static_cast<std::int64_t>(i % 2);
    permute(order_.data(), static_cast<std::uint32_t>(order_.size()), Philox(0, 0));
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
    Step<float> step(nodes_.inputs, layers_, statistics_, loss_.get(), {samples_, targets_, false, batch_},
                     nobody);
    step.allocate(method);
    double seconds = 0;
    const FloatingPointScope modes;
    run_team(team_size(), [&](int thread, int threads) {
      const Member member{thread, threads};
      step.gather(member, data_, batch(0));
      if (thread == 0) step.observe(stamps_);
      const double begin = seconds_now();
      for (std::size_t i = 0; i < n; ++i) one_step(step, member, i, way == "none");
      if (thread == 0) seconds = seconds_now() - begin;
    });
    loss_of_last_ = step.batch_loss() / step.batch_weight();
    if (!std::isfinite(loss_of_last_)) throw ValueError("loss: expected a finite number");
    return seconds;
  }

  // Microseconds of each job of a step, of all around the jobs, and of the whole, as a JSON object; without
  // what the stamps add
  const std::string& phases(std::size_t n) {
    const Overhead overhead;
    Stamps stamps;
    stamps_ = &stamps;
    double around = seconds("fused", n), whole = 0;
    stamps_ = nullptr;
    json_ = "{";
    const auto add = [&](const std::string& name, double of_n) {
      whole += of_n;
      json_ += '"' + name + "\": " + std::to_string(1e6 * of_n / static_cast<double>(n)) + ", ";
    };
    for (const Stamps::Sum& sum : stamps.sums) {
      add(sum.name, sum.seconds - sum.runs * overhead.between);
      around -= sum.seconds + sum.runs * (overhead.in_all - overhead.between);
    }
    add("around the jobs", around);
    return json_ += "\"step\": " + std::to_string(1e6 * whole / static_cast<double>(n)) + "}";
  }

 private:
  Batch batch(std::size_t i) const { return {.number = i, .first = i % batches_ * batch_, .rows = batch_}; }

  void one_step(Step<float>& step, Member member, std::size_t i, bool without_update) {
    const Turn<float> turn{.data = data_,
                           .batch = batch(i),
                           .next = batch(i + 1),
                           .group = {.many = without_update, .first = true, .last = !without_update}};
    const auto prefetch = [&] { step.ask_for(member, data_, turn.next); };
    stamps_ == nullptr ? prefetch() : stamps_->time(nullptr, prefetch);
    step.forward(member, turn, parameters_.data());
    if (without_update) return step.add_to_group(member, turn);
    const StepConstants begun = begin_step(method_, Moment(i + 1));
    Update<float> update = state_.update(method_, i + 1, i, parameters_.data());
    begun.apply_to(update);
    step.update(member, turn, update);
  }

  const Method method_;
  const std::vector<Layer> layers_;
  const Nodes<float> nodes_;
  const std::size_t batch_, batches_;
  const CodedTable table_;
  std::vector<float> x_;
  std::vector<std::int64_t> y_;
  Samples samples_;
  std::vector<std::uint32_t> order_ = std::vector<std::uint32_t>(y_.size());
  const Targets targets_ = Labels(std::span(y_));
  const DataSource<float> data_{
      .x = &samples_, .y = &targets_, .weights = ScaledWeights(SampleWeights{}), .order = order_.data()};
  const LossForKernels<float> loss_{SoftmaxCrossEntropy{}, nodes_.outputs()};
  RunningStatistics<float> statistics_{nodes_};
  Buffer<float> parameters_{nodes_.table.size};
  RuleState<float> state_;
  Stamps* stamps_ = nullptr;
  double loss_of_last_ = 0;
  std::string json_;
};

extern "C" void prepare_steps(const char* rule, const std::size_t* sizes, std::size_t n_sizes,
                              bool batch_norm, std::size_t batch, std::size_t batches, const float* x,
                              const std::int64_t* y) noexcept {
  prepare<Steps>(rule, std::vector(sizes, sizes + n_sizes), batch_norm, batch, batches, x, y);
}

extern "C" void prepare_codes(const std::size_t* sizes, std::size_t n_sizes, std::size_t batch,
                              std::size_t batches, std::size_t numbers, std::size_t bins, bool dense,
                              const float* x, const std::uint16_t* places, const float* fractions) noexcept {
  const std::size_t rows = batch * batches, values = rows * numbers;
  std::vector<std::size_t> all(sizes, sizes + n_sizes);
  all.back() = 2;
  CodedTable table{rows,
                   numbers,
                   {x, x + values},
                   {places, places + values},
                   {fractions, fractions + values},
                   std::vector<CodedColumn>(numbers, {Coding::piecewise, static_cast<std::uint32_t>(bins)}),
                   std::vector<float>(numbers * bins, 0.5F)};
  prepare<Steps>(all, batch, std::move(table), dense);
}

extern "C" const char* phases(std::size_t steps) noexcept {
  return static_cast<Steps&>(*prepared).phases(steps).c_str();
}

}  // namespace fanin::bench
