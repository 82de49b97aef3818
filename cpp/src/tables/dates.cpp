#include <iterator>

#include "fanin/error.hpp"
#include "tables/codes.hpp"

namespace fanin {
namespace {

struct MonthAndDay {
  std::int64_t month, day;
};

// The proleptic Gregorian date of a number of days since 1970-01-01. Years begin in March, so that the leap
// day is the last of a year, and 400 of them have 146,097 days.
MonthAndDay date_of(std::int64_t days) {
  constexpr std::int64_t before_1970 = 719468, days_of_era = 146097, days_of_5_months = 153;
  const std::int64_t day_of_era = ((days + before_1970) % days_of_era + days_of_era) % days_of_era;
  const std::int64_t year =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (days_of_era - 1)) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * day_of_year + 2) / days_of_5_months;
  return {month < 10 ? month + 3 : month - 9, day_of_year - (days_of_5_months * month + 2) / 5 + 1};
}

}  // namespace

double part_of(std::size_t part, double days) {
  if (std::isnan(days) || part == 0) return days;
  // to the second: fractions of days are not exact
  const double whole = std::floor(days);
  const auto second = static_cast<std::int64_t>((days - whole) * 86400 + 0.5);
  const std::int64_t day = static_cast<std::int64_t>(whole) + second / 86400;
  if (part == 1) return static_cast<double>(date_of(day).month);
  if (part == 2) return static_cast<double>(date_of(day).day);
  if (part == 3) return static_cast<double>(((day + 3) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
  return static_cast<double>(second % 86400 / 3600);
}

std::size_t place_of_part(const std::string& part) {
  const auto found = std::find(std::begin(kDateParts), std::end(kDateParts), part);
  if (found != std::end(kDateParts)) return static_cast<std::size_t>(found - std::begin(kDateParts));
  throw ValueError("part: expected a part of a date, such as \"month\", got \"" + part + "\"");
}

}  // namespace fanin
