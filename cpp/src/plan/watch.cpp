#include "plan/watch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fanin/error.hpp"

namespace fanin {
namespace {

constexpr double kNotSeen = std::numeric_limits<double>::quiet_NaN();
constexpr double kWindow = 1000;  // rows
constexpr std::size_t kMostRecords = 1024;

double root_of_mean(double sum, double count) { return count > 0 ? std::sqrt(sum / count) : kNotSeen; }

}  // namespace

// Chan's formula for the union of two sets of rows
void Watch::State::Unit::add(double n, const SumsOfUnit& more) {
  const double mean_of_more = more.first + more.sum / n, apart = mean_of_more - mean, all = rows + n;
  squares += std::max(0.0, more.squares - more.sum * more.sum / n) + apart * apart * rows * n / all;
  mean += apart * n / all;
  rows = all;
  flat += more.flat;
}

void Watch::State::name(std::vector<std::string> layers_watched, const std::vector<std::size_t>& units,
                        std::vector<std::string> arrays_watched) {
  if (!layers.empty()) {
    const auto same = [](const Layer& layer, std::size_t count) { return layer.units.size() == count; };
    if (layers == layers_watched && arrays == arrays_watched && std::ranges::equal(of_layers, units, same)) {
      return;
    }
    throw ValueError("watch: expected a watch of its own for each network");
  }
  for (const std::size_t count : units) {
    of_layers.push_back({std::vector<Unit>(count), std::vector<Unit>(count), kNotSeen, kNotSeen});
  }
  of_arrays.assign(arrays_watched.size(), {});
  arrays = std::move(arrays_watched);
  layers = std::move(layers_watched);
}

// The chunks of an epoch share a record. After this, `end_epoch` does not allocate.
void Watch::State::begin_epoch(std::size_t number) {
  next.layers.resize(of_layers.size());
  next.arrays.resize(of_arrays.size());
  records.reserve(std::max(records.size() + 1, kMostRecords));
  if (!records.empty() && (records.back().epoch == number || epoch % most_epochs != 0)) {
    records.pop_back();
  } else {
    batches = mean_loss = loss_squares = watched = cosines = cosine_sum = 0;
    for (Layer& layer : of_layers) layer.gradient = layer.steps = 0;
    std::fill(of_arrays.begin(), of_arrays.end(), Array{});
  }
  epoch = number;
}

void Watch::State::add_batch(double loss, std::size_t step) {
  if (step == 1) first_loss = loss;
  if (batches == 0 || loss > highest_loss) {
    highest_loss = loss;
    highest_step = step;
  }
  const double apart = loss - mean_loss;
  mean_loss += apart / ++batches;
  loss_squares += apart * (loss - mean_loss);
}

void Watch::State::add_layer(std::size_t layer, double rows, std::size_t unit, const SumsOfUnit& sums) {
  of_layers[layer].units[unit].add(rows, sums);
}

void Watch::State::end_layer(std::size_t layer, double rows, double squares_of_gradient) {
  Layer& of = of_layers[layer];
  // dz is 1 / rows of the gradient of a row's loss
  of.gradient += squares_of_gradient * rows / static_cast<double>(of.units.size());
  ++of.steps;
}

void Watch::State::add_array(std::size_t array, const Array& mean_squares) {
  of_arrays[array].gradient += mean_squares.gradient;
  of_arrays[array].weight += mean_squares.weight;
  of_arrays[array].update += mean_squares.update;
}

void Watch::State::add_cosine(double product, double square, double square_before) {
  const double sizes = std::sqrt(square) * std::sqrt(square_before);
  if (!(sizes > 0)) return;
  cosine_sum += product / sizes;
  ++cosines;
}

Watch::OfLayer Watch::State::end_window(Layer& layer) const {
  const auto count = static_cast<double>(layer.units.size());
  double mean = 0, square = 0, variance = 0, dead = 0, saturated = 0;
  bool two = true;
  for (std::size_t i = 0; i < layer.units.size(); ++i) {
    const Unit &unit = layer.units[i], &before = layer.before[i];
    mean += unit.mean / count;
    square += (unit.mean * unit.mean + (unit.rows > 0 ? unit.squares / unit.rows : 0)) / count;
    variance += unit.variance() / count;
    two = two && before.rows > 0;
    const auto flat = [&](double share) {
      return unit.flat >= share * unit.rows && before.flat >= share * before.rows;
    };
    dead += flat(dead_share) ? 1 / count : 0;
    saturated += flat(saturated_share) ? 1 / count : 0;
  }
  const bool seen = layer.units.front().rows > 0;
  const OfLayer figures{seen ? mean : kNotSeen,
                        seen ? std::sqrt(std::max(0.0, square - mean * mean)) : kNotSeen,
                        seen ? std::sqrt(variance) : kNotSeen,
                        layer.dead,
                        layer.saturated,
                        root_of_mean(layer.gradient, layer.steps)};
  if (layer.units.front().rows < kWindow) return figures;
  if (two) {
    layer.dead = dead;
    layer.saturated = saturated;
  }
  layer.before = layer.units;
  std::fill(layer.units.begin(), layer.units.end(), Unit{});
  return {figures.mean, figures.deviation, figures.spread, layer.dead, layer.saturated, figures.gradient};
}

void Watch::State::end_epoch(std::size_t steps_taken) {
  steps += steps_taken;
  Record& record = next;
  record.epoch = epoch;
  record.steps = steps;
  record.loss = batches > 0 ? mean_loss : kNotSeen;
  record.loss_deviation = batches > 1 ? std::sqrt(loss_squares / (batches - 1)) : kNotSeen;
  record.highest_loss = batches > 0 ? highest_loss : kNotSeen;
  record.highest_step = highest_step;
  record.cosine = cosines > 0 ? cosine_sum / cosines : kNotSeen;
  for (std::size_t i = 0; i < of_layers.size(); ++i) record.layers[i] = end_window(of_layers[i]);
  for (std::size_t i = 0; i < of_arrays.size(); ++i) {
    const Array& sums = of_arrays[i];
    record.arrays[i] = {root_of_mean(sums.gradient, watched), root_of_mean(sums.weight, watched),
                        root_of_mean(sums.update, watched)};
  }
  records.push_back(std::move(record));
  if (records.size() >= kMostRecords && epoch % (2 * most_epochs) == 0) thin_out();
}

// From now on a record is of twice as many epochs; of two before, the later one remains.
void Watch::State::thin_out() {
  std::size_t kept = 0;
  for (Record& record : records) {
    if (kept > 0 && record.epoch % (2 * most_epochs) == 0 &&
        records[kept - 1].epoch % (2 * most_epochs) != 0) {
      const Record& before = records[--kept];
      if (before.highest_loss > record.highest_loss) {
        record.highest_loss = before.highest_loss;
        record.highest_step = before.highest_step;
      }
    }
    if (&records[kept] != &record) records[kept] = std::move(record);
    ++kept;
  }
  records.resize(kept);
  most_epochs *= 2;
}

Watch::Watch(std::size_t every) : state_(std::make_unique<State>()) {
  state_->every = every;
  state_->first_loss = kNotSeen;
}

Watch::~Watch() = default;

std::size_t Watch::every() const { return state_->every; }
double Watch::first_loss() const { return state_->first_loss; }
const std::vector<std::string>& Watch::layers() const { return state_->layers; }
const std::vector<std::string>& Watch::arrays() const { return state_->arrays; }
const std::vector<Watch::Record>& Watch::records() const { return state_->records; }

Watch::Units Watch::units(std::size_t layer) const {
  const State::Layer& of = state_->of_layers.at(layer);
  const auto& last = of.units.front().rows >= of.before.front().rows ? of.units : of.before;
  Units units{static_cast<std::size_t>(last.front().rows)};
  for (const State::Unit& unit : last) {
    units.mean.push_back(unit.mean);
    units.deviation.push_back(std::sqrt(unit.variance()));
    units.flat.push_back(unit.rows > 0 ? unit.flat / unit.rows : kNotSeen);
  }
  return units;
}

}  // namespace fanin
