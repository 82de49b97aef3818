// What a training of several ranks checks, and what they tell each other between steps.
#include <functional>
#include <iterator>

#include "base/text.hpp"
#include "train/training.hpp"

namespace fanin {

// What several ranks do not do together
template <class T>
void Training<T>::State::check_across(const Ranks& ranks, const typename Network<T>::State& net,
                                      const TrainingOptions& options) {
  if (!ranks.many()) return;
  const auto refuse = [](const std::string& what) {
    throw ValueError(what + ", which several ranks do not train together");
  };
  if (net.nodes.over != Over::rows) refuse("network: expected no recurrent layers");
  if (options.batch_size < ranks.size()) {
    throw ValueError("batch_size: expected at least " + std::to_string(ranks.size()) +
                     ", the number of ranks, which share each batch, got " +
                     std::to_string(options.batch_size));
  }
  if (options.batches == Batches::stratified || options.batches == Batches::balanced) {
    refuse("batches: expected shuffled or in_order, got " +
           std::string(kBatches[static_cast<std::size_t>(options.batches)]));
  }
  if (options.budget != nullptr && options.budget->has_deadline()) {
    throw ValueError("max_time: expected none, because the clocks of several ranks differ; limit the steps");
  }
  if (options.watch != nullptr) throw ValueError("watch: expected none for several ranks");
}

// Ranks with other networks or options would wait for each other without end.
template <class T>
void Training<T>::State::check_same_shapes(const Ranks& ranks, const typename Network<T>::State& net,
                                           const TrainingOptions& options, bool weighted) {
  const char* const names[] = {"type of numbers", "inputs",     "outputs",      "parameters",
                               "sample_weight",   "batch_size", "epochs so far"};
  const double own[] = {static_cast<double>(sizeof(T)),
                        static_cast<double>(net.inputs),
                        static_cast<double>(net.outputs),
                        static_cast<double>(net.laid_out() ? net.nodes.table.elements() : 0),
                        weighted ? 1.0 : 0.0,
                        static_cast<double>(options.batch_size),
                        static_cast<double>(net.epochs)};
  const std::vector<double> all = ranks.gather(own);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t which = i % std::size(own);
    if (all[i] == all[which]) continue;
    throw ValueError("rank " + std::to_string(i / std::size(own)) + ": " + names[which] +
                     ": expected that of rank 0, " + number_text(all[which]) + ", got " +
                     number_text(all[i]));
  }
}

template <class T>
void Training<T>::State::check_shares() const {
  if (!ranks.many() || !net.nodes.has_batch_norm()) return;
  const std::size_t least = least_to_normalize(options, ranks);
  if (shares.fewest() >= least) return;
  throw ValueError("batch_size: expected at least " + std::to_string(least) +
                   " rows of each rank in every batch, because of batch norm; got " +
                   std::to_string(shares.fewest()) + " on some rank");
}

template <class T>
void Training<T>::State::begin_together(const Method& chosen, std::span<const std::uint32_t> order_of_epoch) {
  const auto begin_own = [&] {
    begin(chosen, order_of_epoch);
    reserve();
  };
  try {
    ranks.check(std::ref(begin_own));  // which a function holds without an allocation
    restart();
  } catch (...) {
    writing.reset();
    throw;
  }
}

// The weights and rows of all batches, over all ranks
template <class T>
void Training<T>::State::begin_across() {
  const DataSource<T> source = data();
  for (std::size_t number = 0; number < steps; ++number) {
    const Batch own = batch(number);
    step.across().set_batch(number, step.weight_before(source, own), own.rows,
                            own.rows == 0 ? 0 : step.blocks(own.rows));
  }
  step.across().begin();
}

// On any rank
template <class T>
std::size_t Training<T>::State::first_layer_not_finite() const {
  const std::vector<double> all = ranks.gather(static_cast<double>(step.first_layer_not_finite()));
  return static_cast<std::size_t>(*std::ranges::min_element(all));
}

// Of all samples, by weight, those of the batches before this one
template <class T>
double Training<T>::State::share_before(std::size_t number) {
  if (ranks.many()) return step.across().share_before(number);
  const std::span<const std::uint32_t> visited = order_of_targets();
  const std::size_t trained = targets_before(number);
  if (trained == visited.size()) return 1;
  double sum = 0, before = 0;
  for (std::size_t i = 0; i < visited.size(); ++i) {
    if (i == trained) before = sum;
    sum += weights.empty() ? 1 : weights[visited[i]];
  }
  return before / sum;
}

#define FANIN_INSTANTIATE(T)                                                                           \
  template void Training<T>::State::check_across(const Ranks&, const typename Network<T>::State&,      \
                                                 const TrainingOptions&);                              \
  template void Training<T>::State::check_same_shapes(const Ranks&, const typename Network<T>::State&, \
                                                      const TrainingOptions&, bool);                   \
  template void Training<T>::State::check_shares() const;                                              \
  template double Training<T>::State::share_before(std::size_t);                                       \
  template void Training<T>::State::begin_together(const Method&, std::span<const std::uint32_t>);     \
  template void Training<T>::State::begin_across();                                                    \
  template std::size_t Training<T>::State::first_layer_not_finite() const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
