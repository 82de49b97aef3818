#include "fanin/fit.hpp"

#include <limits>

#include "checks.hpp"
#include "snapshot.hpp"
#include "team.hpp"

namespace fanin {
namespace {

template <class T>
class Stopper {
 public:
  Stopper(Network<T>& network, const EarlyStopping& how) : network_(network), how_(how) {
    const std::string metric =
        std::visit([](const auto& l) { return std::string(l.metric); }, network.loss());
    higher_is_better_ = how.monitor == Figure::validation_metric && metric == "accuracy";
  }

  bool stops_after(const Epoch& epoch) {
    const double figure = how_.monitor == Figure::loss              ? epoch.loss
                          : how_.monitor == Figure::validation_loss ? epoch.validation->loss
                                                                    : epoch.validation->metric;
    if (is_progress(figure, best_, how_.min_delta, higher_is_better_)) {
      best_ = figure;
      best_epoch_ = epoch.number;
      snapshot_.take(network_);
      without_progress_ = 0;
    } else {
      ++without_progress_;
    }
    return without_progress_ >= how_.patience;
  }

  std::optional<std::size_t> restore_best() {
    if (best_epoch_ && without_progress_ > 0) snapshot_.restore(network_);
    return best_epoch_;
  }

 private:
  Network<T>& network_;
  const EarlyStopping how_;
  bool higher_is_better_;
  std::optional<double> best_;
  std::optional<std::size_t> best_epoch_;
  std::size_t without_progress_ = 0;
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

bool is_progress(double figure, std::optional<double> best, double min_delta, bool higher_is_better) {
  if (!best) return figure == figure;
  return higher_is_better ? figure > *best + min_delta : figure < *best - min_delta;
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
