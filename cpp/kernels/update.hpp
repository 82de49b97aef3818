// One update rule applied to a run of weights: the same loop over a flat array and over a block in L1.
#pragma once

#include "fanin/rules/all.hpp"
#include "for_each.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

// w <- w + step(g), for n weights from parameter `first` on; g begins at that parameter
template <class R, class T>
void update_run(const Update<T>& update, const T* g, std::size_t first, std::size_t n) {
  constexpr int slots = R::slots;
  const auto constants = *static_cast<const typename R::Constants*>(update.constants);
  T* w = update.parameters + first;
  T* slot[slots + 1];
  for (int s = 0; s < slots; ++s)
    slot[s] = update.slots + static_cast<std::size_t>(s) * update.slot_stride + first;
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    Vec<T> state[slots + 1];
    for (int s = 0; s < slots; ++s) state[s] = lanes.load(slot[s] + i);
    const Vec<T> change = R::step(constants, lanes.load(g + i), state);
    lanes.store(flush(lanes.load(w + i) + change), w + i);
    for (int s = 0; s < slots; ++s) lanes.store(flush(state[s]), slot[s] + i);
  });
}

template <class T>
using UpdateRun = void (*)(const Update<T>&, const T*, std::size_t, std::size_t);

template <class T, class... R>
UpdateRun<T> find_update(List<R...>, int rule) {
  static constexpr UpdateRun<T> runs[] = {update_run<R, T>...};
  return runs[rule];
}

template <class T>
void update(const Update<T>& update, const T* gradient, Range parameters) {
  find_update<T>(Rules{}, update.rule)(update, gradient + parameters.begin, parameters.begin,
                                       parameters.end - parameters.begin);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
