// What a training is told, and what its epochs return.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "fanin/batches.hpp"
#include "fanin/budget.hpp"
#include "fanin/communicator.hpp"
#include "fanin/minimize.hpp"
#include "fanin/watch.hpp"

#pragma GCC visibility push(default)
namespace fanin {

struct TrainingOptions {
  // At most the number of samples, or of sequences. With batch norm a single remaining row joins the batch
  // before it.
  std::size_t batch_size = 32;
  Batches batches = Batches::shuffled;
  // Of the order of samples; without it, the network's seed
  std::optional<std::uint64_t> order_seed = {};
  // Called about every 50 ms by the thread that called `epoch`; true stops before the next update. Like all
  // such callbacks, it must not throw.
  std::function<bool()> interrupted = {};
  // Once it is spent, an epoch ends after the update in progress. Borrowed.
  Budget* budget = nullptr;
  // Epochs of this fit before this training, on other data; a DivergedError counts them.
  std::size_t epochs_before = 0;
  // Epochs of the fit, if known, for schedules that span it
  std::optional<std::size_t> epochs = {};
  // Measures the training, without changing it. Borrowed.
  Watch* watch = nullptr;
  // If a loss or a weight turns infinite or NaN: stop, restore the weights of the last finite epoch end and
  // throw DivergedError; else train on with what the arithmetic gives.
  bool restore = true;
  // Truncated backpropagation through time, for networks with an output at each step: sequences are cut into
  // windows of so many steps, each of which makes an update; gradients end where a window begins, while h and
  // c are carried into it. 0: none
  std::size_t truncation = 0;
  // Of several ranks that train the same network together, each with its x and y; their other options are the
  // same, and each calls all that this class has. A batch is of `batch_size` samples of all ranks together,
  // at least one for each rank, of which each has its share (a rank with few samples none of some batches);
  // their gradients are added up while the backward pass computes them, and each rank makes the same update.
  // What an input layer learns and what epochs return is of all rows; a batch norm sees the rows of its rank,
  // and running statistics become the mean over ranks. The same ranks, communicator and layout of the data
  // give the same bits. Borrowed; a single rank is as none. An interruption, a loss that is not finite, and
  // invalid data of one rank end the epoch, or the constructor, on all. Not for recurrent networks, batches
  // by class, a limit of time, a watch, a population, and codes that have not learned. Any other exception of
  // a rank, such as bad_alloc in the constructor, must end all.
  Communicator* communicator = nullptr;
  // Batch norms use the mean and variance of a batch over all ranks, for two more sums each in both
  // directions.
  bool synchronized = false;
};

struct EpochResult {
  double loss;       // (weighted) mean over the samples trained on, each measured before its batch's update
  bool interrupted;  // stopped before the end of the epoch or of the budget, after whole steps
  double share = 1;  // of the samples, by weight, that were trained on
  double learning_rate = 0;  // of the last update
  // Means over the updates, weighted by their rows: the (weighted) mean loss of each, and its penalty
  // l2_of_sum |W|^2 / (2 S), before it. Updates whose samples all have weight 0 do not count.
  double loss_of_updates = 0, penalty = 0;
  // Of a solver, for which `loss` is measured after the iteration; ended: no more iterations would help
  std::optional<Iteration> iteration = {};
  std::optional<Ended> ended = {};
};

}  // namespace fanin

#pragma GCC visibility pop
