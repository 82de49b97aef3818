// Fits: epochs with validation, early stopping, and a record of what they brought.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Borrowed: it must outlive what uses it.
struct DataSet {
  Samples x;
  Targets y;
  SampleWeights weights = {};
};

// What an epoch brought.
struct Epoch {
  std::size_t number;                    // in this fit, from 1
  double loss;                           // mean over the samples, each taken before its batch's update
  std::optional<Evaluation> validation;  // after the epoch, where there are validation data
  double seconds;                        // of training alone
};

struct History {
  std::vector<Epoch> epochs;
  // After or in which the fit was stopped; none where all epochs ran
  std::optional<std::size_t> stopped_epoch;
  std::optional<std::size_t> best_epoch;  // whose weights early stopping brought back
};

enum class Figure { loss, validation_loss, validation_metric };

// Stops a fit after `patience` epochs in a row without progress of a figure by more than min_delta, and
// brings the weights of the best epoch back, bit for bit. The state of the update rule stays that of the last
// epoch.
struct EarlyStopping {
  std::size_t patience = 10;
  double min_delta = 0;
  Figure monitor = Figure::validation_loss;
};

// The count of early stopping, for any figure: an epoch is the best so far where its figure is better than
// the best one before by more than min_delta. A figure that is not a number is no progress.
struct Patience {
  std::size_t patience = 10;
  double min_delta = 0;
  bool higher_is_better = false;

  std::optional<double> best = {};
  std::optional<std::size_t> best_epoch = {};  // from 1
  std::size_t epochs = 0;

  // Counts an epoch; returns whether it is the best so far.
  bool is_best(double figure);
  std::size_t epochs_without_progress() const { return epochs - best_epoch.value_or(0); }
  bool runs_out() const { return epochs_without_progress() >= patience; }
};

struct FitOptions {
  std::size_t epochs = 10;
  // Where one of them comes before the last epoch's end, the fit ends there: after so many updates of the
  // rule, or after the update under way when so many seconds have passed. The epoch is recorded as it is
  // then.
  std::optional<std::size_t> max_steps = {};
  std::optional<double> max_seconds = {};
  std::size_t batch_size = 32;
  bool shuffle = true;
  std::optional<DataSet> validation = {};
  std::optional<EarlyStopping> early_stopping = {};
  std::function<bool(const Epoch&)> after_epoch = {};  // true stops the fit
  std::function<bool()> interrupted = {};  // asked about every 50 ms; true stops before the next update
};

// Trains by mini-batches; fit again to resume where it stopped. Schedules are part of the method. At the end
// come exact statistics, where a batch norm wants them. Throws ValueError, before anything is changed,
// BusyError and DivergedError as Training does.
template <class T>
[[gnu::visibility("default")]] History fit(Network<T>& network, const DataSet& data, const Method& method,
                                           const FitOptions& options = {});

// One of several fits side by side; `options.interrupted` of any of them stops all.
struct Fit {
  std::variant<Network<float>*, Network<double>*> network;
  DataSet data;
  Method method;
  FitOptions options = {};
};

struct Outcome {
  History history;
  std::exception_ptr error = {};  // such as a DivergedError, which does not end the other fits
};

// Fits of different networks, side by side: each on one thread, or on a team of its own where there are fewer
// fits than threads. The same bits as fit by fit. Validation and callbacks are the calling thread's.
// Throws ValueError and BusyError before any training.
std::vector<Outcome> train_together(const std::vector<Fit>& fits);

// The loop of a fit, for those who train otherwise: epochs 1, 2, ... until all are done, one was interrupted,
// `after` returns true, or the budget is spent, which is borrowed.
class EpochLoop {
 public:
  EpochLoop(std::size_t epochs, std::function<Evaluation()> validate,  // none: no validation
            std::function<bool(const Epoch&)> after, const Budget* budget = nullptr)
      : epochs_(epochs), budget_(budget), validate_(std::move(validate)), after_(std::move(after)) {}

  bool more() const { return !stopped_ && done_ < epochs_; }
  void epoch_ended(const EpochResult& result, double seconds);
  void run(const std::function<EpochResult()>& train);
  // After or in which the loop was stopped; none where all epochs ran
  std::optional<std::size_t> stopped_epoch() const { return stopped_; }

 private:
  std::size_t epochs_, done_ = 0;
  const Budget* budget_;
  std::optional<std::size_t> stopped_;
  std::function<Evaluation()> validate_;
  std::function<bool(const Epoch&)> after_;
};

extern template History fit(Network<float>&, const DataSet&, const Method&, const FitOptions&);
extern template History fit(Network<double>&, const DataSet&, const Method&, const FitOptions&);

}  // namespace fanin

#pragma GCC visibility pop
