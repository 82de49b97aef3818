#include "data/input_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/random.hpp"
#include "base/registry.hpp"
#include "fanin/error.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

constexpr std::size_t kSampleRows = 65536;  // of the sample
constexpr std::uint64_t kSampleSeed = 0x696E70757473;
// The cost of a value in the moments of its column, in flops
constexpr double kFlopsOfMoments = 64;

// Values of some columns of a row, converted to double
void convert_values(double* out, const NumberMatrix& m, std::size_t row, Range columns) {
  convert_row(out, m, row, columns);
}
template <class S>
void convert_values(double* out, const MatrixView<const S>& m, std::size_t row, Range columns) {
  if (std::is_same_v<S, double> || m.column_stride != 1) return convert_row(out, numbers(m), row, columns);
  const auto offset =
      static_cast<std::ptrdiff_t>(row) * m.row_stride + static_cast<std::ptrdiff_t>(columns.begin);
  if constexpr (std::is_same_v<S, float>) {
    active_kernels().to_doubles(out, m.data + offset, columns.end - columns.begin);
  }
}
void convert_values(double* out, const Samples& x, std::size_t row, Range columns) {
  std::visit([&](const auto& m) { convert_values(out, m, row, columns); }, x);
}

// A value of a column and the weight of its row
struct Weighted {
  double value, weight;
};

// Quantiles of weighted values, linear between the values at S_i / S_(n-1), where S_i is the sum of the means
// of neighbouring weights up to value i. With equal weights, where this is NumPy's default, values are
// selected rather than sorted.
class Quantiles {
 public:
  explicit Quantiles(std::vector<Weighted> values) : values_(std::move(values)) {
    equal_ = std::ranges::all_of(values_, [&](const Weighted& v) { return v.weight == values_[0].weight; });
    if (equal_) return;
    std::sort(values_.begin(), values_.end(), less);
    for (std::size_t i = 1; i < values_.size(); ++i) total_ += step(i);
  }

  double at(double p) {
    if (equal_) return selected(p * static_cast<double>(values_.size() - 1));
    const double wanted = p * total_;
    double sum = 0;
    for (std::size_t i = 1; i < values_.size(); ++i) {
      if (sum + step(i) >= wanted) return between(values_[i - 1], values_[i], (wanted - sum) / step(i));
      sum += step(i);
    }
    return values_.back().value;
  }

 private:
  static bool less(const Weighted& a, const Weighted& b) { return a.value < b.value; }
  static double between(const Weighted& a, const Weighted& b, double share) {
    return a.value + share * (b.value - a.value);
  }
  double step(std::size_t i) const { return 0.5 * (values_[i - 1].weight + values_[i].weight); }
  double selected(double place) {
    const double below = std::floor(place);
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values_.begin(), at, values_.end(), less);
    const auto next = std::min_element(at + 1, values_.end(), less);
    return next == values_.end() ? at->value : between(*at, *next, place - below);
  }

  std::vector<Weighted> values_;
  double total_ = 0;
  bool equal_ = true;
};

double inverse_of(double x) { return x > 0 && std::isfinite(1 / x) ? 1 / x : 0; }

// What is known of a column
struct Column {
  double mean, deviation;
  std::optional<Quantiles> quantiles;  // if they are needed
};

struct ColumnPlace {
  double centre, scale;
};

ColumnPlace place_of(const Standardize&, Column& column) {
  return {column.mean, inverse_of(column.deviation)};
}

ColumnPlace place_of(const RobustScale&, Column& column) {
  Quantiles& q = *column.quantiles;
  const double median = q.at(0.5), quartiles = q.at(0.75) - q.at(0.25);
  return {median, inverse_of(quartiles > 0 ? quartiles : 0.5 * (q.at(1) - q.at(0)))};
}

// What takes the place of missing values
double replacement_of(Missing missing, Column& column, double centre) {
  if (missing == Missing::error) return centre;
  return missing == Missing::median ? column.quantiles->at(0.5) : column.mean;
}

template <class Kind>
constexpr bool is_input_layer = requires { Kind::of_inputs; };

bool needs_quantiles(const Layer::Kind& layer) {
  return std::visit(
      []<class Kind>(const Kind& kind) {
        if constexpr (is_input_layer<Kind>) {
          return std::is_same_v<Kind, RobustScale> || kind.missing == Missing::median;
        }
        return false;
      },
      layer);
}

}  // namespace

InputLearner::InputLearner(const std::vector<Layer>& layers, std::size_t columns, bool several)
    : layer_(layers[0].kind),
      columns_(columns),
      several_(several),
      missing_(InputLayer(layers).allows_missing),
      samples_(needs_quantiles(layer_)),
      origin_(columns, std::numeric_limits<double>::quiet_NaN()),
      weight_(columns),
      mean_(columns),
      squares_(columns) {
  if (!InputLayer(layers).exists) throw ValueError("network: it has no input layer, such as a Standardize");
}

// Each thread takes some columns.
bool InputLearner::add_moments(const Samples& x, const std::vector<double>& weights) {
  constexpr std::size_t most = 64, unit = 16;
  const std::size_t rows = rows_of(x);
  const double flops = kFlopsOfMoments * static_cast<double>(rows) * static_cast<double>(columns_);
  run_call(threads_for(flops), [&](int thread, int threads) {
    std::vector<double> values(kRowBlock * most);
    double block[3][most];
    const Range mine = Share(thread, threads, 1).take(columns_, unit);
    for (std::size_t row = 0; row < rows; row += kRowBlock) {
      const std::size_t count = std::min<std::size_t>(kRowBlock, rows - row);
      for (std::size_t begin = mine.begin; begin < mine.end; begin += most) {
        const Range some{begin, std::min(mine.end, begin + most)};
        const std::size_t n = some.end - some.begin;
        for (std::size_t i = 0; i < count; ++i) convert_values(values.data() + i * n, x, row + i, some);
        for (std::size_t j = 0; j < n; ++j) {
          double& origin = origin_[begin + j];
          for (std::size_t i = 0; i < count && std::isnan(origin); ++i) origin = values[i * n + j];
        }
        active_kernels().moments_of_inputs[missing_](block[0], block[1], block[2], values.data(),
                                                     origin_.data() + begin, weights.data() + row, count, n);
        for (std::size_t j = 0; j < n; ++j) {
          const double more = block[0][j];
          if (more == 0) continue;
          double &weight = weight_[begin + j], &mean = mean_[begin + j], &squares = squares_[begin + j];
          const double share = more / (weight + more), difference = block[1][j] - mean;
          squares += block[2][j] + difference * difference * (weight * share);
          mean = weight == 0 ? block[1][j] : mean + difference * share;
          weight += more;
        }
      }
    }
  });
  const auto is_finite = [](double x) { return std::isfinite(x); };
  return std::ranges::all_of(mean_, is_finite) &&
         std::ranges::none_of(origin_, [](double x) { return std::isinf(x); });
}

void InputLearner::add_to_sample(const Samples& x, const std::vector<double>& weights) {
  const Philox random(kSampleSeed, 0);
  std::vector<std::uint64_t> priorities(weights.size());
  random.bits(priorities.data(), rows_, priorities.size());
  const auto less = [](const Row& a, const Row& b) { return a.priority < b.priority; };
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    if (sample_.size() == kSampleRows) {
      if (priorities[i] >= sample_.front().priority) continue;
      std::pop_heap(sample_.begin(), sample_.end(), less);
      sample_.pop_back();
    }
    sample_.push_back({priorities[i], i, weights[i], std::vector<double>(several_ ? columns_ : 0)});
    if (several_) convert_values(sample_.back().values.data(), x, i, {0, columns_});
    std::push_heap(sample_.begin(), sample_.end(), less);
  }
}

InputMap InputLearner::learn(const Samples* only) const {
  if (rows_ == 0) throw ValueError("X: expected at least one row to learn from, got none");
  for (std::size_t j = 0; j < columns_; ++j) {
    const std::string column = "X: column " + std::to_string(j);
    if (weight_[j] == 0) throw ValueError(column + " has only missing values");
    if (!std::isfinite(mean_[j])) throw ValueError(column + ": its mean overflows in float64");
    if (std::isfinite(squares_[j]) || samples_) continue;
    throw ValueError(column + ": its variance overflows in float64");
  }
  InputMap map(columns_);
  constexpr std::size_t unit = 16;  // columns that are read from a row at a time
  const double flops = samples_ ? 1e3 * static_cast<double>(sample_.size() * columns_) : 0;
  run_call(threads_for(flops), [&](int thread, int threads) {
    const Range mine = Share(thread, threads, 1).take(columns_, unit);
    std::vector<double> values;
    for (std::size_t begin = mine.begin; begin < mine.end; begin += unit) {
      const Range some{begin, std::min(mine.end, begin + unit)};
      const std::size_t n = some.end - some.begin;
      values.resize(sample_.size() * n);
      for (std::size_t i = 0; i < sample_.size(); ++i) {
        const Row& row = sample_[i];
        double* const out = values.data() + i * n;
        several_ ? static_cast<void>(std::copy_n(row.values.data() + begin, n, out))
                 : convert_values(out, *only, row.row, some);
      }
      for (std::size_t j = some.begin; j < some.end; ++j) {
        Column column{origin_[j] + mean_[j], std::sqrt(squares_[j] / weight_[j]), {}};
        if (samples_) {
          std::vector<Weighted> present;
          for (std::size_t i = 0; i < sample_.size(); ++i) {
            const double value = values[i * n + (j - begin)];
            if (!std::isnan(value)) present.push_back({value, sample_[i].weight});
          }
          if (present.empty()) present.push_back({column.mean, 1});
          column.quantiles.emplace(std::move(present));
        }
        std::visit(
            [&]<class Kind>(const Kind& kind) {
              if constexpr (is_input_layer<Kind>) {
                const ColumnPlace place = place_of(kind, column);
                map.centre[j] = place.centre;
                map.scale[j] = place.scale;
                const double fill = replacement_of(kind.missing, column, place.centre);
                map.fill[j] = (fill - place.centre) * place.scale;
              }
            },
            layer_);
      }
    }
  });
  return map;
}

}  // namespace fanin
