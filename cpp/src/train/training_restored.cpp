// What remains of a training that diverged: the weights of the last finite epoch end.
#include "base/registry.hpp"
#include "base/text.hpp"
#include "data/scale.hpp"
#include "plan/normalizer.hpp"
#include "train/training.hpp"

namespace fanin {
namespace {

constexpr const char* kStatistics = "running statistics of batch norm are";

}  // namespace

template <class T>
void Training<T>::State::restore(const std::string& what, std::size_t at_step, std::size_t layer) {
  std::memcpy(net.parameters.data(), finite_parameters(), net.nodes.table.size * sizeof(T));
  net.statistics.copy(finite_statistics);
  const double rate = traits_of(rule_at(*method, clock(net.state.steps + 1, next_step))).learning_rate;
  net.state.forget();
  net.fold();
  const std::size_t number = layer + 1, epoch = epoch_of_fit();
  const auto& normalizers = net.nodes.normalizers;
  const bool normalized = net.input_layer.exists || net.input_layer.ids ||
                          (!normalizers.empty() && normalizers.front()->stage == 0 && what != kStatistics);
  throw DivergedError("training diverged: in epoch " + std::to_string(epoch) + ", step " +
                          std::to_string(at_step) + ", " + what + " not finite, first in layer " +
                          std::to_string(number) +
                          "; the weights of the last finite epoch end were restored. " +
                          likely_cause(x, normalized, y, net.loss) + "A learning rate smaller than " +
                          number_text(rate) + " may help",
                      epoch, at_step, number);
}

template <class T>
void Training<T>::State::restore_unless_finite() {
  const ParameterTable& table = net.nodes.table;
  const std::size_t bad = find_not_finite(net.weights(), table.size);
  if (bad < table.size) restore("weights are", next_step, layer_at(table.trained, bad));
  const Buffer<T>& statistics = net.statistics.values();
  const std::size_t overflown = find_not_finite(statistics.data(), statistics.size());
  if (overflown < statistics.size()) {
    restore(kStatistics, next_step, layer_at(table.statistics, overflown));
  }
}

template void Training<float>::State::restore(const std::string&, std::size_t, std::size_t);
template void Training<double>::State::restore(const std::string&, std::size_t, std::size_t);
template void Training<float>::State::restore_unless_finite();
template void Training<double>::State::restore_unless_finite();

}  // namespace fanin
