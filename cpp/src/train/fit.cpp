#include "fanin/fit.hpp"

#include <limits>

#include "base/text.hpp"
#include "network/snapshot.hpp"
#include "team/team.hpp"

namespace fanin {
namespace {

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
    throw ValueError("early_stopping: the figure to monitor needs validation data");
  }
}

}  // namespace

bool Patience::is_best(double figure) {
  ++epochs;
  const bool better = !best              ? figure == figure
                      : higher_is_better ? figure > *best + min_delta
                                         : figure < *best - min_delta;
  if (!better) return false;
  best = figure;
  best_epoch = epochs;
  return true;
}

std::optional<std::size_t> run(const EpochLoop& loop) {
  for (std::size_t number = 1; number <= loop.epochs; ++number) {
    const double start = seconds_now();
    const EpochResult result = loop.train();
    Epoch epoch{number, result.loss, std::nullopt, seconds_now() - start};
    if (result.interrupted) return number;
    if (loop.validate) epoch.validation = loop.validate();
    if (loop.after(epoch)) return number;
  }
  return std::nullopt;
}

template <class T>
History fit(Network<T>& network, const DataSet& data, const Method& method, const FitOptions& options) {
  check_method(method);
  if (options.early_stopping) check_early_stopping(*options.early_stopping, options.validation.has_value());
  const auto validate = [&] {
    const DataSet& v = *options.validation;
    return network.evaluate(v.x, v.y, v.weights);
  };
  if (options.validation) validate();  // its mistakes come before any training
  Training<T> training(network, data.x, data.y, {options.batch_size, options.shuffle, options.interrupted},
                       data.weights);
  std::optional<Stopper<T>> stopper;
  if (options.early_stopping) stopper.emplace(network, *options.early_stopping);

  History history;
  EpochLoop loop{options.epochs, [&] { return training.epoch(method); }, {}, {}};
  if (options.validation) loop.validate = validate;
  loop.after = [&](const Epoch& epoch) {
    history.epochs.push_back(epoch);
    const bool stop = stopper && stopper->stops_after(epoch);
    return (options.after_epoch && options.after_epoch(epoch)) || stop;
  };
  history.stopped_epoch = run(loop);
  if (stopper) history.best_epoch = stopper->restore_best();
  if (options.epochs > 0) training.exact_statistics();
  return history;
}

template History fit(Network<float>&, const DataSet&, const Method&, const FitOptions&);
template History fit(Network<double>&, const DataSet&, const Method&, const FitOptions&);

}  // namespace fanin
