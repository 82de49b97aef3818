// How an epoch is divided into batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#pragma GCC visibility push(default)
namespace fanin {

// shuffled: in a new random order in each epoch. in_order: as they are.
// stratified: of n_c samples of class c among n, each batch of m has floor or ceil(m n_c / n), at random.
// balanced: the same after giving each class that occurs floor or ceil(n / classes) places in the epoch. Each
// sample of a class fills as many of its places as the others, up to one: samples of rare classes are
// repeated, and some of frequent ones left out, others in each epoch.
// The last two need classes (Network::classes). All depend only on the seed and the number of the epoch.
enum class Batches { shuffled, in_order, stratified, balanced };
inline constexpr const char* kBatches[] = {"shuffled", "in_order", "stratified", "balanced"};

// `count` rows in increasing order, of which each class has its share of all rows, rounded down or up; they
// depend only on the classes, as Network::classes gives them, and the seed.
std::vector<std::size_t> stratified_rows(std::span<const std::int32_t> classes, std::size_t count,
                                         std::uint64_t seed);

}  // namespace fanin

#pragma GCC visibility pop
