#include "data/orders.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "data/gather.hpp"
#include "data/loss.hpp"
#include "data/numbers.hpp"
#include "data/operands.hpp"
#include "fanin/error.hpp"

namespace fanin {
namespace {

// Bresenham's line: of places 0..n-1, `marked` are marked, and of any w in a row floor or ceil(w marked / n).
// `phase` in 0..n-1 shifts them.
class EvenlyMarked {
 public:
  EvenlyMarked(std::size_t marked, std::size_t n, std::size_t phase) : marked_(marked), n_(n), rest_(phase) {}
  bool next() {
    rest_ += marked_;
    if (rest_ < n_) return false;
    rest_ -= n_;
    return true;
  }

 private:
  std::size_t marked_, n_, rest_;
};

// 0 or 1 for each row
template <class Matrix>
std::vector<std::int32_t> binary_classes(const Matrix& y, const std::string& needs) {
  std::vector<std::int32_t> classes(y.rows);
  for (std::size_t i = 0; i < y.rows; ++i) {
    const double value = value_at(y, i, 0);
    if (value != 0 && value != 1) {
      throw ValueError(needs + number_text(value) + " in row " + std::to_string(i) + " of y");
    }
    classes[i] = value != 0 ? 1 : 0;
  }
  return classes;
}

}  // namespace

std::vector<std::int32_t> classes_of(const Targets& y, const Loss& loss, std::size_t outputs,
                                     std::string_view argument) {
  const std::string needs = std::string(argument) +
                            ": needs classes, which are integer labels for softmax_cross_entropy or one "
                            "column of 0 and 1 for logistic; got ";
  if (const auto* labels = std::get_if<Labels>(&y)) {
    std::vector<std::int32_t> classes(labels->column.rows);
    gather_labels(classes.data(), *labels, outputs, nullptr, 0, {0, classes.size()});
    return classes;
  }
  if (kind_of(loss) == TargetKind::labels) throw ValueError(needs + "class probabilities");
  if (!std::holds_alternative<LogisticLoss>(loss)) throw ValueError(needs + "the loss " + name_of(loss));
  std::vector<std::int32_t> classes;
  visit_matrix(y, [&](const auto& matrix) {
    if (matrix.columns != 1) throw ValueError(needs + std::to_string(matrix.columns) + " columns");
    classes = binary_classes(matrix, needs);
  });
  return classes;
}

RowsByClass::RowsByClass(std::span<const std::int32_t> classes) : rows(classes.size()) {
  std::vector<std::uint32_t> place;  // of the next row of a class
  for (const std::int32_t c : classes) {
    const auto at = static_cast<std::size_t>(c);
    if (at >= place.size()) place.resize(at + 1);
    ++place[at];
  }
  std::uint32_t before = 0;
  for (std::uint32_t& count : place) {
    if (count > 0) first.push_back(before);
    before += std::exchange(count, before);
  }
  first.push_back(before);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[place[static_cast<std::size_t>(classes[i])]++] = static_cast<std::uint32_t>(i);
  }
}

std::vector<std::size_t> stratified_rows(std::span<const std::int32_t> classes, std::size_t count,
                                         std::uint64_t seed) {
  const std::size_t n = classes.size();
  if (count > n) {
    throw ValueError("count: expected at most " + std::to_string(n) + ", the number of rows, got " +
                     std::to_string(count));
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (classes[i] >= 0) continue;
    throw ValueError("classes: row " + std::to_string(i) + " is " + std::to_string(classes[i]) +
                     "; expected at least 0");
  }
  RowsByClass by_class(classes);
  const Philox random(seed, stream_of_split());
  std::vector<std::size_t> chosen;
  if (n == 0) return chosen;
  chosen.reserve(count);
  EvenlyMarked marked(count, n, below(random.bits(0), static_cast<std::uint32_t>(n)));
  for (std::size_t c = 0; c < by_class.classes(); ++c) {
    const std::uint32_t begin = by_class.first[c], end = by_class.first[c + 1];
    shuffle(by_class.rows.data() + begin, end - begin, random, begin);
    for (std::uint32_t i = begin; i < end; ++i) {
      if (marked.next()) chosen.push_back(by_class.rows[i]);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Orders::Orders(Batches batches, const Targets& y, const Loss& loss, std::size_t outputs, std::size_t rows,
               std::size_t batch_size, std::size_t steps)
    : batches_(batches), batch_size_(batch_size), steps_(steps), order_(rows) {
  if (static_cast<std::size_t>(batches) >= std::size(kBatches)) {
    throw ValueError("batches: expected one of shuffled, in_order, stratified, balanced, got " +
                     std::to_string(static_cast<int>(batches)));
  }
  std::iota(order_.begin(), order_.end(), 0);
  if (batches == Batches::shuffled || batches == Batches::in_order) return;
  const std::string name = kBatches[static_cast<std::size_t>(batches)];
  by_class_ = RowsByClass(classes_of(y, loss, outputs, "batches: \"" + name + "\""));
  if (by_class_.rows.size() != rows) {
    throw ValueError("batches: \"" + name + "\" needs a class for each sequence, got one for each step");
  }
  if (batches == Batches::balanced && by_class_.classes() < 2) {
    throw ValueError("batches: \"balanced\" needs samples of at least two classes, got one");
  }
  std::uint32_t largest = 0;
  for (std::size_t c = 0; c < by_class_.classes(); ++c) {
    largest = std::max(largest, by_class_.first[c + 1] - by_class_.first[c]);
  }
  shuffled_.resize(largest);
  full_batches_.resize(steps - 1);
}

void Orders::check(std::span<const std::uint32_t> order) const {
  check_size("order", order, size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] < size()) continue;
    throw ValueError("order: place " + std::to_string(i) + " is " + std::to_string(order[i]) +
                     "; expected a row of X, 0 to " + std::to_string(size() - 1));
  }
}

void Orders::take(std::span<const std::uint32_t> order) {
  std::copy(order.begin(), order.end(), order_.begin());
  in_order_ = false;
}

void Orders::restart(const Philox& random) {
  if (batches_ == Batches::in_order && in_order_) return;
  in_order_ = batches_ == Batches::in_order;
  if (in_order_) {
    std::iota(order_.begin(), order_.end(), 0);
  } else if (batches_ == Batches::shuffled) {
    permute(order_.data(), static_cast<std::uint32_t>(order_.size()), random);
  } else {
    deal(random);
  }
}

// Class after class, rows are dealt to the batches in turn. The last batch, which has another size, is dealt
// to at evenly marked places. So a class that fills w places of n gives a batch of m floor or
// ceil(w m / n) rows.
void Orders::deal(const Philox& random) {
  const std::size_t n = order_.size(), full = steps_ - 1, classes = by_class_.classes();
  const auto n32 = static_cast<std::uint32_t>(n);
  permute(full_batches_.data(), static_cast<std::uint32_t>(full), random, n);
  EvenlyMarked in_last(n - full * batch_size_, n, below(random.bits(0), n32));
  const std::size_t first_larger = below(random.bits(n), static_cast<std::uint32_t>(classes));
  std::size_t turn = 0, round = 0, last = full * batch_size_;
  const auto place = [&] {
    if (in_last.next()) return last++;
    const std::size_t to = full_batches_[turn] * batch_size_ + round;
    if (++turn == full) {
      turn = 0;
      ++round;
    }
    return to;
  };
  for (std::size_t c = 0; c < classes; ++c) {
    const std::uint32_t begin = by_class_.first[c], count = by_class_.first[c + 1] - begin;
    const std::size_t larger = (c + classes - first_larger) % classes < n % classes ? 1 : 0;
    const std::size_t places = batches_ == Batches::stratified ? count : n / classes + larger;
    permute(shuffled_.data(), count, random, begin);
    for (std::size_t i = 0, j = 0; i < places; ++i) {
      order_[place()] = by_class_.rows[begin + shuffled_[j]];
      if (++j == count) j = 0;
    }
  }
}

}  // namespace fanin
