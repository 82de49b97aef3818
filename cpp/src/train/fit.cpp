#include "fanin/fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "base/text.hpp"
#include "fanin/population.hpp"
#include "network/snapshot.hpp"
#include "team/team.hpp"

namespace fanin {
namespace {

constexpr std::size_t kMostIterations = 1000;  // of a solver in a fit without limits

template <class T>
class Stopper {
 public:
  Stopper(Network<T>& network, const EarlyStopping& how)
      : network_(network), monitor_(how.monitor), patience_{how.patience, how.min_delta} {
    const std::string metric =
        std::visit([](const auto& l) { return std::string(l.metric); }, network.loss());
    patience_.higher_is_better = how.monitor == Figure::validation_metric && metric == "accuracy";
  }

  bool stops_after(const Epoch& epoch) {
    const double figure = monitor_ == Figure::loss              ? epoch.loss
                          : monitor_ == Figure::validation_loss ? epoch.validation->loss
                                                                : epoch.validation->metric;
    if (patience_.is_best(figure)) snapshot_.take(network_);
    return patience_.runs_out();
  }

  std::optional<std::size_t> restore_best() {
    if (patience_.best_epoch && patience_.epochs_without_progress() > 0) snapshot_.restore(network_);
    return patience_.best_epoch;
  }

 private:
  Network<T>& network_;
  const Figure monitor_;
  Patience patience_;
  Snapshot<T> snapshot_;
};

void check_early_stopping(const EarlyStopping& how, bool validates) {
  if (how.patience == 0) throw ValueError("patience: expected at least 1, got 0");
  if (!(how.min_delta >= 0) || how.min_delta > std::numeric_limits<double>::max()) {
    throw ValueError("min_delta: expected a finite number of at least 0, got " + number_text(how.min_delta));
  }
  if (how.monitor != Figure::loss && !validates) {
    throw ValueError("early_stopping: monitoring this figure needs validation data");
  }
}

// Checks the options; then several ranks have the same network
template <class T>
Ranks begun_together(Network<T>& network, const FitOptions& options) {
  const Ranks ranks(options.communicator);
  const auto& validation = options.validation;
  const auto& early_stopping = options.early_stopping;
  ranks.check([&] {
    if (early_stopping) check_early_stopping(*early_stopping, validation.has_value());
  });
  if (!ranks.many()) return ranks;
  for (const double validates : ranks.gather(validation ? 1 : 0)) {
    if (validates == (validation ? 1 : 0)) continue;
    throw ValueError("validation: expected data on all ranks, or on none");
  }
  network.take_from_first(*options.communicator);
  ranks.check([&] {
    if (validation) network.check(validation->x, validation->y, validation->weights);
  });
  return ranks;
}

void check_alone(const FitOptions& options, const std::string& what) {
  if (Ranks(options.communicator).many()) throw ValueError("communicator: expected none for " + what);
}

const Method& checked_method(const Method& method) {
  check_method(method);
  return method;
}

std::size_t epochs_of(const FitOptions& options) {
  constexpr std::size_t without_end = std::numeric_limits<std::size_t>::max();
  return options.epochs.value_or(options.max_steps || options.max_time ? without_end : 10);
}

template <class T, class Trainer>
struct FitUnderWay {
  FitUnderWay(Network<T>& trained, const DataSet& data, const FitOptions& chosen,
              std::function<bool()> interrupted)
      : network(trained),
        options(chosen),
        ranks(begun_together(trained, chosen)),
        budget(options.max_steps, options.max_time),
        training(network, data.x, data.y,
                 {options.batch_size, options.batches, options.order_seed, std::move(interrupted), &budget, 0,
                  epochs_of(options), options.watch, true, 0, options.communicator, options.synchronized},
                 data.weights),
        loop(
            epochs_of(options), validate(), [this](const Epoch& epoch) { return stops_after(epoch); },
            &budget) {
    if (options.validation && !ranks.many())
      network.check(options.validation->x, options.validation->y, options.validation->weights);
    if (options.early_stopping) stopper.emplace(network, *options.early_stopping);
  }
  FitUnderWay(const FitUnderWay&) = delete;
  FitUnderWay& operator=(const FitUnderWay&) = delete;

  std::function<Evaluation()> validate() const {
    if (!options.validation) return {};
    return [this, &v = *options.validation] {
      return network.evaluate(v.x, v.y, v.weights, {}, Checks::shapes, options.communicator);
    };
  }
  bool stops_after(const Epoch& epoch) {
    history.epochs.push_back(epoch);
    const bool stop = stopper && stopper->stops_after(epoch);
    const bool asked = options.after_epoch && options.after_epoch(epoch);
    return ranks.largest(asked || stop ? 1 : 0) > 0;
  }
  History end() {
    history.stopped_epoch = loop.stopped_epoch();
    if (stopper) history.best_epoch = stopper->restore_best();
    history.steps = {budget.taken(), budget.knots()};
    history.ended = loop.ended();
    if constexpr (requires { training.exact_statistics(); }) {
      if (epochs_of(options) > 0) training.exact_statistics();
    }
    return std::move(history);
  }

  Network<T>& network;
  const FitOptions& options;
  const Ranks ranks;
  Budget budget;
  Trainer training;
  EpochLoop loop;
  std::optional<Stopper<T>> stopper;
  History history;
};

struct AnyFit {
  virtual ~AnyFit() = default;
  virtual bool begin_epoch(Population& population, std::size_t number) = 0;  // false: none left
  virtual void epoch_ended(const EpochResult& result, double seconds) = 0;
  virtual History end() = 0;
};

template <class Net>
struct FitOf;
template <class T>
struct FitOf<Network<T>> final : AnyFit {
  FitOf(Network<T>& network, const Fit& fit, std::function<bool()> interrupted)
      : method(checked_method(fit.method)),
        under_way(network, fit.data, fit.options, std::move(interrupted)) {}
  bool begin_epoch(Population& population, std::size_t number) override {
    if (!under_way.loop.more()) return false;
    population.begin(number, under_way.training, method);
    return true;
  }
  void epoch_ended(const EpochResult& result, double seconds) override {
    under_way.loop.epoch_ended(result, seconds);
  }
  History end() override { return under_way.end(); }

  const Method& method;
  FitUnderWay<T, Training<T>> under_way;
};

}  // namespace

bool Patience::is_best(double figure) {
  ++epochs;
  const double least = min_delta + (best && std::isfinite(*best) ? min_share * std::abs(*best) : 0);
  const bool better = !best              ? figure == figure
                      : higher_is_better ? figure > *best + least
                                         : figure < *best - least;
  if (!better) return false;
  best = figure;
  best_epoch = epochs;
  return true;
}

void EpochLoop::epoch_ended(const EpochResult& result, double seconds) {
  Epoch epoch{++done_, result.loss, std::nullopt, seconds, result.learning_rate, result.iteration};
  ended_ = result.ended;
  if (!result.interrupted && validate_) epoch.validation = validate_();
  if (result.interrupted || after_(epoch) || (budget_ != nullptr && budget_->spent()) || ended_) {
    stopped_ = done_;
  }
}

void EpochLoop::run(const std::function<EpochResult()>& train) {
  while (more()) {
    const double start = seconds_now();
    const EpochResult result = train();
    epoch_ended(result, seconds_now() - start);
  }
}

template <class T>
History fit(Network<T>& network, const DataSet& data, const Method& method, const FitOptions& options) {
  Ranks(options.communicator).check([&] { check_method(method); });
  FitUnderWay<T, Training<T>> fit(network, data, options, options.interrupted);
  fit.loop.run([&] { return fit.training.epoch(method); });
  return fit.end();
}

template <class T>
History fit(Network<T>& network, const DataSet& data, const WholeBatch& method, const FitOptions& options) {
  check_alone(options, "solvers, which take all rows at once");
  FitOptions chosen = options;
  if (!options.epochs && !options.max_steps && !options.max_time) chosen.epochs = kMostIterations;
  FitUnderWay<T, SolverTraining<T>> fit(network, data, chosen, options.interrupted);
  fit.loop.run([&] { return fit.training.epoch(method); });
  return fit.end();
}

std::vector<Outcome> train_together(const std::vector<Fit>& fits) {
  std::vector<std::unique_ptr<AnyFit>> under_way;  // outlives the population
  Population population([&] {
    return std::ranges::any_of(
        fits, [](const Fit& fit) { return fit.options.interrupted && fit.options.interrupted(); });
  });
  for (const Fit& fit : fits) {
    check_alone(fit.options, "concurrent fits");
    std::visit(
        [&](auto* network) {
          using Net = std::remove_pointer_t<decltype(network)>;
          if (network == nullptr) throw ValueError("network: expected a network, got a null pointer");
          under_way.push_back(std::make_unique<FitOf<Net>>(*network, fit, population.interrupted()));
        },
        fit.network);
  }
  std::vector<Outcome> outcomes(fits.size());
  const auto advance = [&](std::size_t number, auto&& f) {
    try {
      AnyFit& fit = *under_way[number];
      f(fit);
      if (!fit.begin_epoch(population, number)) outcomes[number].history = fit.end();
    } catch (...) {
      outcomes[number].error = std::current_exception();
    }
  };
  for (std::size_t i = 0; i < fits.size(); ++i) advance(i, [](AnyFit&) {});
  for (;;) {
    const std::vector<Population::Ended> ended = population.run();
    if (ended.empty()) return outcomes;
    for (const Population::Ended& epoch : ended) {
      advance(epoch.number, [&](AnyFit& fit) {
        if (epoch.error) std::rethrow_exception(epoch.error);
        fit.epoch_ended(epoch.result, epoch.seconds);
      });
    }
  }
}

template History fit(Network<float>&, const DataSet&, const Method&, const FitOptions&);
template History fit(Network<double>&, const DataSet&, const Method&, const FitOptions&);
template History fit(Network<float>&, const DataSet&, const WholeBatch&, const FitOptions&);
template History fit(Network<double>&, const DataSet&, const WholeBatch&, const FitOptions&);

}  // namespace fanin
