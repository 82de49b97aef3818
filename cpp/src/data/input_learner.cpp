#include "data/input_learner.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <numeric>
#include <optional>

#include "base/registry.hpp"
#include "data/block_moments.hpp"
#include "data/quantiles.hpp"
#include "fanin/error.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

// The cost of a value in the moments of its column, in flops
constexpr double kFlopsOfMoments = 64;

// The first value of a column in these rows that is not missing and counts, or NaN
double first_value(const Samples& x, const std::vector<double>& weights, std::size_t column, Range rows) {
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    const double value = std::visit([&](const auto& m) { return value_at(m, i, column); }, x);
    if (weights[i] > 0 && !std::isnan(value)) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

constexpr std::size_t kTogether = 16;  // columns that are read from a row at a time

// Groups of columns for one of the threads
Range share_of_columns(int thread, int threads, std::size_t columns) {
  const Range groups = Share(thread, threads, 1).take((columns + kTogether - 1) / kTogether, 1);
  return {std::min(columns, groups.begin * kTogether), std::min(columns, groups.end * kTogether)};
}

double inverse_of(double x) { return x > 0 && std::isfinite(1 / x) ? 1 / x : 0; }

// What is known of a column
struct Column {
  double mean, deviation, largest_deviation;  // the last of all columns
  std::optional<Quantiles> quantiles;         // if they are needed
};

// centre, scale
std::pair<double, double> place_of(const Standardize&, Column& column) {
  return {column.mean, inverse_of(column.deviation)};
}

std::pair<double, double> place_of(const Whiten& layer, Column& column) {
  return {column.mean, inverse_of(layer.standardize ? column.deviation : column.largest_deviation)};
}

std::pair<double, double> place_of(const RobustScale&, Column& column) {
  const Quantiles& q = *column.quantiles;
  const double median = q.at(0.5), quartiles = q.at(0.75) - q.at(0.25);
  return {median, inverse_of(quartiles > 0 ? quartiles : 0.5 * (q.at(1) - q.at(0)))};
}

// What takes the place of missing values, before it is mapped; `otherwise` if there are none
double replacement_of(Missing missing, Column& column, double otherwise) {
  if (missing == Missing::error) return otherwise;
  return missing == Missing::median ? column.quantiles->at(0.5) : column.mean;
}

template <class Kind>
void set_column(const Kind& kind, Column& column, InputMap& map, std::size_t j) {
  const auto [centre, scale] = place_of(kind, column);
  map.centre[j] = centre;
  map.scale[j] = scale;
  map.fill[j] = (replacement_of(kind.missing, column, centre) - centre) * scale;
}

void set_column(const QuantileLayer& kind, Column& column, InputMap& map, std::size_t j) {
  const std::size_t at = j * ColumnMap::kKnots;
  double *const knots = map.knots.data() + at, *const scores = map.scores.data() + at;
  set_normal_scores(*column.quantiles, knots, scores);
  map.fill[j] = score_of(replacement_of(kind.missing, column, knots[0]), knots, scores);
}

// f(kind), if it is that of an input layer that maps columns
template <class F>
void visit_input_layer(const Layer::Kind& layer, F&& f) {
  std::visit(
      [&]<class Kind>(const Kind& kind) {
        if constexpr (requires { Kind::of_inputs; } && !requires { Kind::codes; }) f(kind);
      },
      layer);
}

// Whether columns are mapped by their quantiles
bool by_quantiles(const Layer::Kind& layer) {
  return std::holds_alternative<RobustScale>(layer) || std::holds_alternative<QuantileLayer>(layer);
}

Missing missing_of(const Layer::Kind& layer) {
  Missing missing = Missing::error;
  visit_input_layer(layer, [&](const auto& kind) { missing = kind.missing; });
  return missing;
}

}  // namespace

InputLearner::InputLearner(const std::vector<Layer>& layers, std::size_t columns, bool several)
    : kind_(layers[0].kind),
      layer_(layers),
      columns_(columns),
      samples_(by_quantiles(kind_) || missing_of(kind_) == Missing::median),
      quantiles_alone_(by_quantiles(kind_) && missing_of(kind_) != Missing::mean),
      origin_(columns, std::numeric_limits<double>::quiet_NaN()),
      weight_(columns),
      mean_(columns),
      squares_(columns),
      has_missing_(columns),
      sample_(columns, several) {
  if (!layer_.exists) throw ValueError("network: it has no input layer, such as a Standardize");
}

bool InputLearner::add_rows(const Samples& x, const std::vector<double>& weights) {
  const std::vector<double> origin_before = origin_, mean_before = mean_;
  const bool in_order = add_moments(x, weights);
  if (in_order && layer_.projects) {
    std::vector<double> moved(columns_);
    for (std::size_t j = 0; j < columns_; ++j) {
      moved[j] = std::isnan(origin_before[j]) ? 0 : mean_before[j] - mean_[j];
    }
    scatter_.add(x, weights, origin_, mean_, moved);
  }
  if (samples_) sample_.add(x, weights);
  rows_ += weights.size();
  return in_order;
}

// Each thread takes some columns.
bool InputLearner::add_moments(const Samples& x, const std::vector<double>& weights) {
  const std::size_t rows = rows_of(x);
  const double flops = kFlopsOfMoments * static_cast<double>(rows) * static_cast<double>(columns_);
  run_call(claim_for(flops).threads(), [&](int thread, int threads) {
    BlockMoments block;
    const Range mine = share_of_columns(thread, threads, columns_);
    for (std::size_t row = 0; row < rows; row += kRowBlock) {
      const Range of_block{row, std::min<std::size_t>(rows, row + kRowBlock)};
      double of_all = 0;
      for (std::size_t i = of_block.begin; i < of_block.end; ++i) of_all += weights[i];
      for (std::size_t begin = mine.begin; begin < mine.end; begin += BlockMoments::kMost) {
        const Range some{begin, std::min(mine.end, begin + BlockMoments::kMost)};
        for (std::size_t j = some.begin; j < some.end; ++j) {
          if (std::isnan(origin_[j])) origin_[j] = first_value(x, weights, j, of_block);
          block.shift[j - begin] = std::isnan(origin_[j]) ? 0 : origin_[j] + mean_[j];
        }
        std::visit(
            [&](const auto& m) {
              block.take(m, of_block, some, weights.data() + row, layer_.allows_missing);
            },
            x);
        for (std::size_t j = some.begin; j < some.end; ++j) {
          const double more = block.weight[j - begin];
          if (more != of_all) has_missing_[j] = 1;
          if (more == 0) continue;
          // the mean of the block, as the difference from the origin too
          const double of_block_mean = (block.shift[j - begin] - origin_[j]) + block.mean[j - begin];
          double &weight = weight_[j], &mean = mean_[j], &squares = squares_[j];
          const double share = more / (weight + more), difference = of_block_mean - mean;
          squares += block.squares[j - begin] + difference * difference * (weight * share);
          mean = weight == 0 ? of_block_mean : mean + difference * share;
          weight += more;
        }
      }
    }
  });
  const auto is_finite = [](double x) { return std::isfinite(x); };
  return std::ranges::all_of(mean_, is_finite) &&
         std::ranges::none_of(origin_, [](double x) { return std::isinf(x); });
}

// The scatter is about the mean of all ranks, which are in the place of missing values.
void InputLearner::add_rows_of_all(const Ranks& ranks, const Samples& x, const std::vector<double>& weights) {
  const std::vector<double> rows = ranks.gather(static_cast<double>(weights.size()));
  const auto own = rows.begin() + static_cast<std::ptrdiff_t>(ranks.rank());
  add_moments(x, weights);
  merge_moments(ranks);
  if (layer_.projects) {
    scatter_.add(x, weights, origin_, mean_, std::vector<double>(columns_));
    scatter_.sum(ranks);
  }
  if (samples_) {
    sample_.start_at(static_cast<std::size_t>(std::accumulate(rows.begin(), own, 0.0)));
    sample_.add(x, weights);
    sample_.merge(ranks);
  }
  rows_ = static_cast<std::size_t>(std::accumulate(rows.begin(), rows.end(), 0.0));
}

void InputLearner::merge_moments(const Ranks& ranks) {
  std::vector<double> own = origin_;
  for (const auto* more : {&weight_, &mean_, &squares_}) own.insert(own.end(), more->begin(), more->end());
  own.insert(own.end(), has_missing_.begin(), has_missing_.end());
  const std::vector<double> all = ranks.gather(own);
  for (std::size_t j = 0; j < columns_; ++j) {
    double &origin = origin_[j] = std::numeric_limits<double>::quiet_NaN(), &weight = weight_[j] = 0,
           &mean = mean_[j] = 0, &squares = squares_[j] = 0;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
      const double* const of = all.data() + rank * own.size() + j;
      if (of[4 * columns_] != 0) has_missing_[j] = 1;
      const double more = of[columns_];
      if (more == 0) continue;
      if (std::isnan(origin)) origin = of[0];
      const double of_rank = (of[0] - origin) + of[2 * columns_], share = more / (weight + more),
                   difference = of_rank - mean;
      squares += of[3 * columns_] + difference * difference * (weight * share);
      mean = weight == 0 ? of_rank : mean + difference * share;
      weight += more;
    }
  }
}

void InputLearner::check() const {
  if (rows_ == 0) throw ValueError("X: expected at least one row to learn from, got none");
  for (std::size_t j = 0; j < columns_; ++j) {
    const std::string column = "X: column " + std::to_string(j);
    if (weight_[j] == 0) throw ValueError(column + " has only missing values");
    if (quantiles_alone_) continue;
    if (!std::isfinite(mean_[j])) throw ValueError(column + ": its mean overflows in float64");
    if (std::isfinite(squares_[j])) continue;
    throw ValueError(column + ": its variance overflows in float64");
  }
}

void InputLearner::learn_column(InputMap& map, std::size_t j, const double* of_sample,
                                std::size_t stride) const {
  const auto deviation_of = [&](std::size_t k) { return std::sqrt(squares_[k] / weight_[k]); };
  Column column{origin_[j] + mean_[j], deviation_of(j), 0, {}};
  for (std::size_t k = 0; layer_.projects && k < columns_; ++k) {
    column.largest_deviation = std::max(column.largest_deviation, deviation_of(k));
  }
  if (samples_) {
    std::vector<double> values, weights;
    for (std::size_t i = 0; i < sample_.size(); ++i) {
      const double value = of_sample[i * stride];
      if (std::isnan(value)) continue;
      values.push_back(value);
      weights.push_back(sample_.weight(i));
    }
    if (values.empty()) values.push_back(column.mean);
    column.quantiles.emplace(std::move(values), weights);
  }
  visit_input_layer(kind_, [&](const auto& kind) { set_column(kind, column, map, j); });
}

void InputLearner::learn_columns(InputMap& map, Range mine, const Samples* only) const {
  std::vector<double> values;
  for (std::size_t begin = mine.begin; begin < mine.end; begin += kTogether) {
    const Range some{begin, std::min(mine.end, begin + kTogether)};
    const std::size_t n = some.end - some.begin;
    values.resize(sample_.size() * n);
    sample_.values(values.data(), some, only);
    for (std::size_t j = some.begin; j < some.end; ++j) {
      learn_column(map, j, values.data() + (j - begin), n);
    }
  }
}

InputMap InputLearner::learn(const Samples* only) const {
  check();
  std::vector<std::uint32_t> indicators;
  for (std::size_t j = 0; layer_.indicates && j < columns_; ++j) {
    if (has_missing_[j]) indicators.push_back(static_cast<std::uint32_t>(j));
  }
  const std::size_t gathered = columns_ + indicators.size();
  InputMap map = layer_.new_map(columns_, std::move(indicators), layer_.projects ? 0 : gathered);
  map.allocate();
  const double flops = samples_ ? 1e3 * static_cast<double>(sample_.size() * columns_) : 0;
  const Claim claim = claim_for(flops);
  const int team = claim.threads();
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(team));
  run_call(team, [&](int thread, int threads) {
    try {
      learn_columns(map, share_of_columns(thread, threads, columns_), only);
    } catch (...) {
      failures[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  if (layer_.projects) set_projection(std::get<Whiten>(kind_), scatter_, map);
  return map;
}

}  // namespace fanin
