// What an encoder learns from the training rows.
#include <numeric>
#include <span>

#include "base/text.hpp"
#include "data/quantiles.hpp"
#include "fanin/coded_rows.hpp"
#include "fanin/error.hpp"
#include "fanin/table_encoder.hpp"
#include "tables/codes.hpp"

namespace fanin {
namespace {

constexpr std::size_t kFewestSpikes = 3, kMostSpikes = 128;

// f(value, how often) for each different one of sorted values
template <class F>
void for_each_different(const std::vector<double>& sorted, F&& f) {
  for (std::size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    f(sorted[begin], end - begin);
  }
}

std::vector<double> greedy_knots(const std::vector<double>& sorted, std::size_t bins) {
  std::vector<double> knots, others;
  for_each_different(sorted, [&](double value, std::size_t count) {
    if (count * bins >= sorted.size()) {
      knots.push_back(value);
    } else {
      others.insert(others.end(), count, value);
    }
  });
  if (!others.empty()) {
    const std::size_t last = bins - knots.size();  // the frequent values left at least two knots
    const Quantiles quantiles(std::move(others), {});
    for (std::size_t i = 0; i <= last; ++i) {
      knots.push_back(quantiles.at(static_cast<double>(i), static_cast<double>(last)));
    }
    std::sort(knots.begin(), knots.end());
    knots.erase(std::unique(knots.begin(), knots.end()), knots.end());
  }
  return knots;
}

std::vector<double> known_of(std::span<const double> values) {
  std::vector<double> known;
  known.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(known),
               [](double x) { return !std::isnan(x); });
  sort_numbers(known);
  return known;
}

void check_not_infinite(const std::string& column, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isinf(values[i]))
      throw ValueError("X: row " + std::to_string(i) + ", column \"" + column + "\" is infinite");
  }
}

// The mean of the squashed numbers and of the code's columns
void learn_means(NumberCode& code, std::span<const double> values) {
  const std::size_t bins = code.knots.size() - 1;
  std::vector<double> fractions(bins), rows(bins), spikes(code.spikes.size() + 1);
  double sum = 0;
  for (const double value : values) {
    const double x = std::isnan(value) ? code.median : value;
    sum += squashed(code, x);
    const Position at = position_of(code.knots, x);
    fractions[at.bin] += at.fraction;
    ++rows[at.bin];
    if (!std::isnan(value)) ++spikes[place_in(code.spikes, x)];
  }
  const auto n = static_cast<double>(values.size());
  code.mean = sum / n;
  code.centre.assign(bins, 0);
  double after = 0;  // rows in later bins
  for (std::size_t t = bins; t-- > 0; after += rows[t]) code.centre[t] = (fractions[t] + after) / n;
  for (std::size_t s = 0; s < code.spikes.size(); ++s) code.centre.push_back(spikes[s] / n);
}

NumberCode learn_code(const std::string& column, std::span<const double> values, std::vector<double> sorted,
                      std::size_t bins, bool spikes) {
  if (bins < 1 || bins > CodedRows::kMostBins) {
    throw ValueError("bins: expected 1 to " + std::to_string(CodedRows::kMostBins) + ", got " +
                     std::to_string(bins));
  }
  const double low = sorted.front(), high = sorted.back();
  if (!std::isfinite(high - low)) {
    throw ValueError("X: " + column_text(column) + "numbers between " + number_text(low) + " and " +
                     number_text(high) + " overflow in double precision");
  }
  NumberCode code;
  code.missing = static_cast<double>(values.size() - sorted.size()) / static_cast<double>(values.size());
  code.knots = greedy_knots(sorted, bins);
  std::size_t different = 0;
  if (spikes) {
    for_each_different(sorted, [&](double value, std::size_t) {
      if (++different <= kMostSpikes) code.spikes.push_back(value);
    });
    if (different < kFewestSpikes || different > kMostSpikes) code.spikes.clear();
  }
  const Quantiles quantiles(std::move(sorted), {});
  code.median = quantiles.at(0.5);
  code.scale = quantiles.at(0.75) - quantiles.at(0.25);
  if (!(code.scale > 0)) code.scale = (high - low) / 2;
  if (!(code.scale > 0)) code.scale = high - low;
  learn_means(code, values);
  return code;
}

std::string every_row(const std::string& what) { return "dropped: " + what + " in every row"; }

TableColumn learn_two_numbers(const std::string& column, std::span<const double> values, double low,
                              double high) {
  TwoNumbersColumn two{column, "", low, high, 0};
  double sum = 0;
  for (const double x : values) sum += between(two, x);
  two.mean = sum / static_cast<double>(values.size());
  return two;
}

}  // namespace

NumberCode learn_number_code(const std::string& column, std::span<const double> values, std::size_t bins,
                             bool spikes) {
  check_not_infinite(column, values);
  std::vector<double> sorted = known_of(values);
  if (sorted.empty() || sorted.front() == sorted.back()) {
    throw ValueError(column_text(column) + "expected different values");
  }
  return learn_code(column, values, std::move(sorted), bins, spikes);
}

TableColumn learn_numbers(const std::string& column, std::span<const double> values, std::size_t bins,
                          bool spikes) {
  check_not_infinite(column, values);
  const std::vector<double> sorted = known_of(values);
  if (sorted.empty()) return DroppedColumn{column, every_row("missing")};
  const double low = sorted.front(), high = sorted.back();
  if (low == high) {
    if (sorted.size() == values.size()) return DroppedColumn{column, every_row("it is " + number_text(low))};
    // whether it is known is all there is to learn
    return learn_two_numbers(column, values, std::min(low, 0.0), low < 0 ? 0.0 : low > 0 ? low : 1.0);
  }
  const auto between_them = [&](double x) { return x != low && x != high; };
  if (std::none_of(sorted.begin(), sorted.end(), between_them))
    return learn_two_numbers(column, values, low, high);
  return NumberColumn{column, "", learn_code(column, values, sorted, bins, spikes)};
}

TableColumn learn_dates(const std::string& column, std::span<const double> days, std::size_t bins) {
  DateColumn date{column, "", {}};
  for (const double day : days) {
    if (std::abs(day) > kMostDays) {
      throw ValueError("X: " + column_text(column) + "expected days since 1970, got " + number_text(day));
    }
  }
  std::vector<double> values(days.size());
  for (std::size_t part = 0; part < std::size(kDateParts); ++part) {
    std::transform(days.begin(), days.end(), values.begin(), [&](double day) { return part_of(part, day); });
    std::vector<double> sorted = known_of(values);
    if (sorted.empty() || sorted.front() == sorted.back()) continue;
    date.parts.push_back({kDateParts[part], learn_code(column, values, std::move(sorted), bins, false)});
  }
  if (date.parts.empty())
    return DroppedColumn{column, "dropped: it is the same date in every row that has one"};
  return date;
}

TableColumn learn_category(const std::string& column, std::vector<std::pair<std::string, std::size_t>> levels,
                           std::size_t rows, std::size_t min_count) {
  if (levels.empty()) return DroppedColumn{column, every_row("missing")};
  std::sort(levels.begin(), levels.end());
  const auto n = static_cast<double>(rows);
  if (levels.size() == 1 && levels[0].second == rows) {
    return DroppedColumn{column, every_row("it is \"" + levels[0].first + "\"")};
  }
  if (levels.size() == 2) {
    const double mean = (static_cast<double>(levels[1].second) - static_cast<double>(levels[0].second)) / n;
    return TwoLevelsColumn{column, "", levels[0].first, levels[1].first, mean};
  }
  constexpr std::size_t one_in = 50;
  const std::size_t least =
      levels.size() == 1 ? 1 : std::max<std::size_t>(1, std::min(min_count, rows / one_in));
  CategoryColumn category{column, "", {}, {}, {}};
  std::size_t rare = 0;
  for (auto& [level, count] : levels) {
    if (count >= least) {
      category.levels.push_back(std::move(level));
      category.centre.push_back(static_cast<double>(count) / n);
    } else {
      category.rare.push_back(std::move(level));
      rare += count;
    }
  }
  if (rare == rows) {
    return DroppedColumn{column,
                         "dropped: every level is found fewer than " + std::to_string(least) + " times"};
  }
  if (category.levels.size() >= CodedRows::kMostBins)
    return DroppedColumn{column, "dropped: too many levels"};
  if (rare > 0) category.centre.push_back(static_cast<double>(rare) / n);
  return category;
}

}  // namespace fanin
