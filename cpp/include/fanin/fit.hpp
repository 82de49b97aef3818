// Fits: epochs with validation, early stopping and a history.
#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "fanin/network.hpp"
#include "fanin/solver_training.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Borrowed: it must outlive whatever uses it.
struct DataSet {
  Samples x;
  Targets y;
  SampleWeights weights = {};
};

// The results of an epoch.
struct Epoch {
  std::size_t number;                       // in this fit, from 1
  double loss;                              // mean over the samples, each measured before its batch's update
  std::optional<Evaluation> validation;     // after the epoch, if there are validation data
  double seconds;                           // of training alone
  double learning_rate = 0;                 // of its last update, or the length of a solver's step
  std::optional<Iteration> iteration = {};  // of a solver
};

struct History {
  std::vector<Epoch> epochs;
  // The epoch after or during which the fit was stopped; none if all epochs ran
  std::optional<std::size_t> stopped_epoch;
  std::optional<std::size_t> best_epoch;  // the one early stopping restored
  Steps steps = 0;                        // taken; as max_steps they repeat the fit, bit for bit
  std::optional<Ended> ended;             // why a solver ended before its last epoch, if it did
};

enum class Figure { loss, validation_loss, validation_metric };

// Stops a fit after `patience` epochs in a row in which a figure did not improve by more than min_delta, and
// restores the weights of the best epoch, bit for bit. The rule's state remains that of the last epoch.
struct EarlyStopping {
  std::size_t patience = 10;
  double min_delta = 0;
  Figure monitor = Figure::validation_loss;
};

// The counter behind early stopping, for any figure: an epoch is the best so far if its figure beats the
// previous best by more than min_delta + min_share |best|. A NaN is no improvement.
struct Patience {
  std::size_t patience = 10;
  double min_delta = 0;
  bool higher_is_better = false;
  double min_share = 0;

  std::optional<double> best = {};
  std::optional<std::size_t> best_epoch = {};  // from 1
  std::size_t epochs = 0, counted_from = 0;

  // Counts an epoch; returns whether it is the best so far.
  bool is_best(double figure);
  std::size_t epochs_without_progress() const { return epochs - best_epoch.value_or(0); }
  bool runs_out() const { return epochs - std::max(best_epoch.value_or(0), counted_from) >= patience; }
  // Patience starts over; the best remains.
  void renew() { counted_from = epochs; }
};

struct FitOptions {
  std::optional<std::size_t> epochs = {};  // none: 10, or until a limit is reached if there is one
  // If one of these limits is reached before the last epoch ends, the fit ends there: after max_steps updates
  // of the rule, or with the first update that finishes after max_time seconds. The unfinished epoch is
  // recorded. Schedules that span the fit end with it.
  std::optional<Steps> max_steps = {};
  std::optional<double> max_time = {};
  std::size_t batch_size = 32;
  Batches batches = Batches::shuffled;
  std::optional<std::uint64_t> order_seed = {};  // without it, the network's seed
  std::optional<DataSet> validation = {};
  std::optional<EarlyStopping> early_stopping = {};
  std::function<bool(const Epoch&)> after_epoch = {};  // true stops the fit
  Watch* watch = nullptr;                              // measures the fit; borrowed
  // Of several ranks that fit together, each with its data and with validation data of its own, if any; see
  // TrainingOptions. Their networks become that of rank 0 first, and remain the same. If `after_epoch` of any
  // rank stops the fit, all stop.
  Communicator* communicator = nullptr;
  bool synchronized = false;               // batch norms over all ranks
  std::function<bool()> interrupted = {};  // called about every 50 ms; true stops before the next update
};

// Trains on mini-batches; fit again to resume. Schedules are part of the method. The fit ends with exact
// statistics if a batch norm asks for them. Throws ValueError, before anything is changed, BusyError and
// DivergedError as Training does.
template <class T>
[[gnu::visibility("default")]] History fit(Network<T>& network, const DataSet& data, const Method& method,
                                           const FitOptions& options = {});

// One of several concurrent fits; `options.interrupted` of any of them stops all.
struct Fit {
  std::variant<Network<float>*, Network<double>*> network;
  DataSet data;
  Method method;
  FitOptions options = {};
};

struct Outcome {
  History history;
  std::exception_ptr error = {};  // such as a DivergedError, which leaves the other fits running
};

// Fits different networks concurrently: each on one thread, or on a team of threads if there are fewer fits
// than threads. The bits are those of separate fits. The calling thread runs validation and callbacks.
// Throws ValueError and BusyError before any training.
std::vector<Outcome> train_together(const std::vector<Fit>& fits);

// The loop of a fit, for custom training: epochs 1, 2, ... until all are done, one was interrupted, `after`
// returns true, or the (borrowed) budget is spent.
class EpochLoop {
 public:
  EpochLoop(std::size_t epochs, std::function<Evaluation()> validate,  // may be empty
            std::function<bool(const Epoch&)> after, const Budget* budget = nullptr)
      : epochs_(epochs), budget_(budget), validate_(std::move(validate)), after_(std::move(after)) {}

  bool more() const { return !stopped_ && done_ < epochs_; }
  void epoch_ended(const EpochResult& result, double seconds);
  void run(const std::function<EpochResult()>& train);
  // The epoch after or during which the loop was stopped; none if all epochs ran
  std::optional<std::size_t> stopped_epoch() const { return stopped_; }
  std::optional<Ended> ended() const { return ended_; }  // why a solver ended

 private:
  std::size_t epochs_, done_ = 0;
  const Budget* budget_;
  std::optional<std::size_t> stopped_;
  std::optional<Ended> ended_;
  std::function<Evaluation()> validate_;
  std::function<bool(const Epoch&)> after_;
};

// By a solver, on all samples at once: an epoch is an iteration, and options of batches have no effect.
// Without limits, the fit ends when the solver does, after 1,000 iterations at most.
template <class T>
[[gnu::visibility("default")]] History fit(Network<T>& network, const DataSet& data, const WholeBatch& method,
                                           const FitOptions& options = {});

extern template History fit(Network<float>&, const DataSet&, const WholeBatch&, const FitOptions&);
extern template History fit(Network<double>&, const DataSet&, const WholeBatch&, const FitOptions&);
extern template History fit(Network<float>&, const DataSet&, const Method&, const FitOptions&);
extern template History fit(Network<double>&, const DataSet&, const Method&, const FitOptions&);

}  // namespace fanin

#pragma GCC visibility pop
