// What a watch adds up, from step to step.
#pragma once

#include "fanin/watch.hpp"

namespace fanin {

// Sums over the rows of a watched step, for each unit of a layer
struct SumsOfUnit {
  double first, sum, squares, flat, gradient;  // of a - first, of its squares, of dz^2
};

struct Watch::State {
  // Whether update `number` of the fit is watched, from 0: the first two of a period
  bool due(std::size_t number) const {
    constexpr std::size_t first = 2048, later = 4;
    return number % (2 * every * (number < first ? 1 : later)) < 2;
  }

  // Rows seen, their mean, the sum of squares of what differs from it, and rows with a small f'
  struct Unit {
    double rows = 0, mean = 0, squares = 0, flat = 0;
    void add(double n, const SumsOfUnit& more);
    double variance() const { return rows > 1 ? squares / (rows - 1) : 0; }
  };
  struct Layer {
    std::vector<Unit> units, before;  // in this window and in the last complete one
    double dead, saturated;           // of the last two complete windows
    double gradient = 0, steps = 0;   // sums of mean squares in this record, and the steps they are of
  };
  struct Array {
    double gradient = 0, weight = 0, update = 0;  // sums of mean squares in this record
  };

  // Names what is watched; throws ValueError if that was something else before
  void name(std::vector<std::string> layers_watched, const std::vector<std::size_t>& units,
            std::vector<std::string> arrays_watched);
  void begin_epoch(std::size_t number);
  void add_batch(double loss, std::size_t step);
  // Of a watched step, after one for each layer and array
  void add_layer(std::size_t layer, double rows, std::size_t unit, const SumsOfUnit& sums);
  void end_layer(std::size_t layer, double rows, double squares_of_gradient);
  void add_array(std::size_t array, const Array& mean_squares);
  void add_step() { ++watched; }
  // From the product of the changes in two successive steps, and their squares
  void add_cosine(double product, double square, double square_before);
  void end_epoch(std::size_t steps_taken);

  std::size_t every = 0, steps = 0;  // steps of the fit, up to the last epoch
  double first_loss;
  std::vector<std::string> layers, arrays;
  std::vector<Record> records;
  std::vector<Layer> of_layers;
  std::vector<Array> of_arrays;

 private:
  OfLayer end_window(Layer& layer) const;
  void thin_out();

  Record next;
  std::size_t epoch = 0;
  double batches = 0, mean_loss = 0, loss_squares = 0, highest_loss = 0;
  std::size_t highest_step = 0, most_epochs = 1;  // of a record
  double watched = 0, cosines = 0, cosine_sum = 0;
};

}  // namespace fanin
