// The order of an epoch: which samples each batch gets.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "data/orders.hpp"

using namespace fanin;

namespace {

using Counts = std::map<std::int64_t, std::size_t>;  // of samples, by class

std::vector<std::int64_t> labels_of(const Counts& counts) {
  std::vector<std::int64_t> labels;
  for (const auto& [label, count] : counts) labels.insert(labels.end(), count, label);
  std::vector<std::uint32_t> order(labels.size());
  permute(order.data(), static_cast<std::uint32_t>(order.size()), Philox(5, 5));
  std::vector<std::int64_t> mixed;
  for (const std::uint32_t i : order) mixed.push_back(labels[i]);
  return mixed;
}

Counts counts_of(const std::vector<std::int64_t>& labels, std::span<const std::uint32_t> rows) {
  Counts counts;
  for (const std::uint32_t row : rows) ++counts[labels[row]];
  return counts;
}

Orders orders_of(Batches batches, const std::vector<std::int64_t>& labels, std::size_t batch_size,
                 std::size_t steps) {
  return Orders(batches, Labels(labels), SoftmaxCrossEntropy{}, 8, labels.size(), batch_size, steps);
}

// Each batch has floor or ceil(size * places / n) samples of a class that fills this many places
void check_shares(const Orders& orders, const std::vector<std::int64_t>& labels, const Counts& places,
                  std::size_t batch_size, std::size_t steps) {
  const std::size_t n = labels.size();
  for (std::size_t step = 0; step < steps; ++step) {
    const std::size_t begin = step * batch_size, end = step + 1 == steps ? n : begin + batch_size;
    Counts found = counts_of(labels, {orders.data() + begin, end - begin});
    for (const auto& [label, count] : places) {
      const std::size_t exact = (end - begin) * count;
      CHECK(found[label] >= exact / n);
      CHECK(found[label] <= (exact + n - 1) / n);
    }
  }
}

// Few and many samples; classes 2, 5 and 7 never occur
const std::vector<Counts> kCounts = {
    {{0, 1}},         {{3, 17}},           {{0, 30}, {1, 20}, {3, 10}},
    {{0, 1}, {4, 1}}, {{0, 50}, {6, 3}},   {{0, 97}, {1, 1}, {3, 1}},
    {{1, 5}, {3, 8}}, {{0, 400}, {1, 33}}, {{0, 7}, {1, 7}, {3, 7}, {4, 7}, {6, 5}}};

// f(labels, counts, batch_size, steps): also with a last batch of one sample more than the others
template <class F>
void for_every_division(F&& f) {
  for (const Counts& counts : kCounts) {
    const std::vector<std::int64_t> labels = labels_of(counts);
    const std::size_t n = labels.size();
    for (const std::size_t batch_size :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{16}, n}) {
      if (batch_size > n) continue;
      const std::size_t steps = (n + batch_size - 1) / batch_size;
      f(labels, counts, batch_size, steps);
      if (n % batch_size == 1 && steps > 1) f(labels, counts, batch_size, steps - 1);
    }
  }
}

}  // namespace

TEST_CASE("stratified batches have each class's share, and an epoch has every sample once") {
  for_every_division([](const auto& labels, const Counts& counts, std::size_t batch_size, std::size_t steps) {
    Orders orders = orders_of(Batches::stratified, labels, batch_size, steps);
    for (std::uint64_t epoch = 0; epoch < 4; ++epoch) {
      orders.restart(Philox(1, stream_of_epoch(epoch)));
      std::vector<std::uint32_t> all(orders.data(), orders.data() + orders.size());
      check_shares(orders, labels, counts, batch_size, steps);
      std::sort(all.begin(), all.end());
      for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == i);
    }
  });
}

TEST_CASE("balanced batches have equal shares of all classes, and visit the samples of a class alike") {
  for_every_division([](const auto& labels, const Counts& counts, std::size_t batch_size, std::size_t steps) {
    if (counts.size() < 2) return;
    Orders orders = orders_of(Batches::balanced, labels, batch_size, steps);
    for (std::uint64_t epoch = 0; epoch < 4; ++epoch) {
      orders.restart(Philox(1, stream_of_epoch(epoch)));
      const std::span<const std::uint32_t> all(orders.data(), orders.size());
      const Counts places = counts_of(labels, all);
      check_shares(orders, labels, places, batch_size, steps);
      std::vector<std::size_t> visits(labels.size());
      for (const std::uint32_t row : all) ++visits[row];
      for (const auto& [label, count] : counts) {
        const std::size_t filled = places.contains(label) ? places.at(label) : 0;
        CHECK(filled >= labels.size() / counts.size());
        CHECK(filled <= labels.size() / counts.size() + 1);
        for (std::size_t i = 0; i < labels.size(); ++i) {
          if (labels[i] != label) continue;
          CHECK(visits[i] >= filled / count);
          CHECK(visits[i] <= (filled + count - 1) / count);
        }
      }
    }
  });
}

TEST_CASE("an order depends on the seed and the epoch alone") {
  const std::vector<std::int64_t> labels = labels_of({{0, 60}, {1, 30}, {3, 7}});
  for (const Batches batches : {Batches::shuffled, Batches::stratified, Batches::balanced}) {
    std::set<std::vector<std::uint32_t>> different;
    for (const std::uint64_t seed : {1u, 2u}) {
      Orders forward = orders_of(batches, labels, 16, 7), backward = orders_of(batches, labels, 16, 7);
      std::vector<std::vector<std::uint32_t>> found(5);
      for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
        forward.restart(Philox(seed, stream_of_epoch(epoch)));
        found[epoch].assign(forward.data(), forward.data() + forward.size());
        different.insert(found[epoch]);
      }
      for (std::uint64_t epoch = 5; epoch-- > 0;) {
        backward.restart(Philox(seed, stream_of_epoch(epoch)));
        CHECK(std::equal(found[epoch].begin(), found[epoch].end(), backward.data()));
      }
    }
    CHECK(different.size() == 10);
  }
}

TEST_CASE("a stratified sample has each class's share and depends on the seed") {
  for (const Counts& counts : kCounts) {
    const std::vector<std::int64_t> labels = labels_of(counts);
    const std::vector<std::int32_t> classes(labels.begin(), labels.end());
    const std::size_t n = labels.size();
    for (std::size_t count = 0; count <= n; count += 1 + n / 9) {
      for (const std::uint64_t seed : {0u, 1u, 2u}) {
        const std::vector<std::size_t> rows = stratified_rows(classes, count, seed);
        CHECK(rows.size() == count);
        CHECK(std::is_sorted(rows.begin(), rows.end()));
        CHECK(std::set<std::size_t>(rows.begin(), rows.end()).size() == count);
        CHECK(rows == stratified_rows(classes, count, seed));
        Counts found;
        for (const std::size_t row : rows) ++found[labels[row]];
        for (const auto& [label, all] : counts) {
          CHECK(found[label] >= count * all / n);
          CHECK(found[label] <= (count * all + n - 1) / n);
        }
      }
    }
  }
  const std::vector<std::int32_t> classes(40, 3);
  CHECK(stratified_rows(classes, 20, 1) != stratified_rows(classes, 20, 2));
  CHECK_THROWS_WITH(stratified_rows(classes, 41, 1),
                    "count: expected at most 40, the number of rows, got 41");
  const std::vector<std::int32_t> bad = {0, -1};
  CHECK_THROWS_WITH(stratified_rows(bad, 1, 1), "classes: row 1 is -1; expected at least 0");
}

TEST_CASE("batches outside the enumeration are refused") {
  CHECK_THROWS_WITH(orders_of(static_cast<Batches>(9), {0, 1}, 1, 2),
                    "batches: expected one of shuffled, in_order, stratified, balanced, got 9");
}
