// What watching a training measures.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace fanin {

// Measures layers and weights during a fit: TrainingOptions::watch. Pairs of steps in a row are watched,
// seldom enough to cost less than 3% of the time; a watched step computes the whole gradient before the
// update, which gives the same bits. Needs memory for the gradient, and for a few numbers of each unit. A
// watch is for the fit of one network.
class Watch {
 public:
  // A pair in 2 `every` steps, and in four times as many after the first 2,048; 0: chosen by the size of the
  // network's steps
  explicit Watch(std::size_t every = 0);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Of the rows, on which f'(z) of a dead or saturated unit is below 5% of its maximum
  static constexpr double dead_share = 0.99, saturated_share = 0.95;

  // Means over watched steps, NaN if there was none
  struct OfLayer {
    // Over the last window of watched rows: of activations, over rows and units together; and the root of the
    // mean over units of their variance over rows
    double mean, deviation, spread;
    // The share of units that are dead or saturated in two windows in a row, if they can be; NaN before. A
    // window has at least 1,000 rows.
    double dead, saturated;
    // Root mean square of the gradient of a row's loss with respect to z; NaN for inputs, and below the
    // lowest trained layer
    double gradient;
  };
  struct OfArray {
    // Root mean squares; an update is the change of weights in a step. 0 for what is frozen
    double gradient, weight, update;
  };
  // Of an epoch, or of some epochs in a row in long fits
  struct Record {
    std::size_t epoch = 0, steps = 0;  // the last epoch, from 1; steps of the fit up to its end
    double loss = 0, loss_deviation = 0, highest_loss = 0;  // of batches, each before its update
    std::size_t highest_step = 0;                           // from 1
    double cosine = 0;  // of the changes of weights in successive steps, their mean
    std::vector<OfLayer> layers = {};
    std::vector<OfArray> arrays = {};
  };
  // Of the units of a layer, over the last window
  struct Units {
    std::size_t rows = 0;
    std::vector<double> mean = {}, deviation = {}, flat = {};  // flat: share of rows with such a small f'(z)
  };

  std::size_t every() const;
  double first_loss() const;                       // of the first batch; NaN before
  const std::vector<std::string>& layers() const;  // "inputs", as the first layer sees them, "layer1", ...
  const std::vector<std::string>& arrays() const;  // as Network::arrays names them, without statistics
  const std::vector<Record>& records() const;
  Units units(std::size_t layer) const;

  struct State;  // what trainings add to

  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace fanin

#pragma GCC visibility pop
