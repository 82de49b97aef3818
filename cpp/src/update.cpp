#include "fanin/update.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>

#include "buffer.hpp"
#include "checks.hpp"
#include "fanin/error.hpp"
#include "registry.hpp"
#include "team.hpp"

namespace fanin {
namespace {

// Threads take whole runs of this many parameters.
constexpr std::size_t kRun = 4096;
// A step that touches less memory than this, about 5 us of it, is not worth a team.
constexpr std::size_t kTeamBytes = 512 * 1024;

// A call under way; throws BusyError instead of waiting for another one.
class Hold {
 public:
  explicit Hold(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true)) {
      throw BusyError("optimizer: another thread is using it; wait until that has ended");
    }
  }
  ~Hold() { busy_.store(false); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  std::atomic<bool>& busy_;
};

std::string at(const char* name, std::size_t i) {
  return std::string(name) + "[" + std::to_string(i) + "]: ";
}

// before(a, b): all of a lies before b; the built-in < orders pointers into one array only
template <class A, class B>
bool before(std::span<A> a, std::span<B> b) {
  return std::less_equal<const void*>()(a.data() + a.size(), b.data());
}

}  // namespace

template <class T>
struct Optimizer<T>::State {
  State(const Rule& chosen, std::vector<std::span<T>> borrowed) : rule(chosen), arrays(std::move(borrowed)) {
    check_rule(rule);
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      offsets.push_back(size);
      size += rounded(arrays[i].size());
      if (!arrays[i].empty()) by_address.push_back(i);
    }
    std::sort(by_address.begin(), by_address.end(), [this](std::size_t a, std::size_t b) {
      return std::less<const T*>()(arrays[a].data(), arrays[b].data());
    });
    for (std::size_t k = 1; k < by_address.size(); ++k) {
      const auto [first, last] = std::minmax(by_address[k - 1], by_address[k]);
      if (before(arrays[by_address[k - 1]], arrays[by_address[k]])) continue;
      throw ValueError(at("arrays", last) + "expected memory of its own, but it overlaps arrays[" +
                       std::to_string(first) + "]");
    }
    slots = Buffer<T>(size * slot_count());
  }

  // whole cache lines, so that no two threads write to one
  static std::size_t rounded(std::size_t n) {
    constexpr std::size_t line = 64 / sizeof(T);
    return (n + line - 1) / line * line;
  }
  std::size_t slot_count() const {
    return std::visit([](const auto& r) { return static_cast<std::size_t>(r.slots); }, rule);
  }
  T* slot(std::size_t s, std::size_t array) const { return slots.data() + s * size + offsets[array]; }

  void check_gradients(const std::vector<std::span<const T>>& gradients) const;
  void check_slot(const std::string& name, std::size_t array, std::size_t got) const;
  void update(Range parameters, const std::vector<std::span<const T>>& gradients,
              const void* constants) const;

  Rule rule;
  const std::vector<std::span<T>> arrays;
  // The parameters of all arrays are numbered in one row, each array from a multiple of a cache line on;
  // slots lie one after the other in that order.
  std::vector<std::size_t> offsets, by_address;
  std::size_t size = 0;
  Buffer<T> slots;
  std::atomic<std::uint64_t> steps{0};
  std::atomic<bool> busy{false};
};

template <class T>
void Optimizer<T>::State::check_gradients(const std::vector<std::span<const T>>& gradients) const {
  if (gradients.size() != arrays.size()) {
    throw ValueError("gradients: expected one for each of the " + std::to_string(arrays.size()) +
                     " arrays, got " + std::to_string(gradients.size()));
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const std::span<const T> g = gradients[i];
    if (g.size() != arrays[i].size()) {
      throw ValueError(at("gradients", i) + "expected " + std::to_string(arrays[i].size()) + " values, got " +
                       std::to_string(g.size()));
    }
    if (g.empty()) continue;
    // arrays do not overlap, so that the first one that does not end before g is the only one to look at
    const auto next = std::partition_point(by_address.begin(), by_address.end(),
                                           [&](std::size_t array) { return before(arrays[array], g); });
    if (next == by_address.end() || before(g, arrays[*next])) continue;
    throw ValueError(at("gradients", i) + "expected memory apart from the arrays, but it overlaps arrays[" +
                     std::to_string(*next) + "]");
  }
}

template <class T>
void Optimizer<T>::State::check_slot(const std::string& name, std::size_t array, std::size_t got) const {
  if (array >= arrays.size()) {
    throw ValueError(name + "there are only " + std::to_string(arrays.size()) + " arrays");
  }
  if (got == arrays[array].size()) return;
  throw ValueError(name + "expected " + std::to_string(arrays[array].size()) + " values, got " +
                   std::to_string(got));
}

// Parameters of a part of the row, array by array
template <class T>
void Optimizer<T>::State::update(Range parameters, const std::vector<std::span<const T>>& gradients,
                                 const void* constants) const {
  if (parameters.begin >= parameters.end) return;
  const auto after = std::upper_bound(offsets.begin(), offsets.end(), parameters.begin);
  for (auto i = static_cast<std::size_t>(after - offsets.begin()) - 1; i < arrays.size(); ++i) {
    if (offsets[i] >= parameters.end) return;
    const std::size_t begin = std::max(parameters.begin, offsets[i]) - offsets[i];
    const std::size_t end = std::min(parameters.end - offsets[i], arrays[i].size());
    if (begin >= end) continue;
    const Update<T> update{static_cast<int>(rule.index()), constants, arrays[i].data(), slot(0, i), size};
    kernels<T>().update(update, gradients[i].data(), {begin, end});
  }
}

template <class T>
Optimizer<T>::Optimizer(const Rule& rule, std::vector<std::span<T>> arrays)
    : state_(std::make_unique<State>(rule, std::move(arrays))) {
  kernels<T>();  // a wrong FANIN_ISA throws here, not in a thread of a team
}

template <class T>
Optimizer<T>::~Optimizer() = default;
template <class T>
Optimizer<T>::Optimizer(Optimizer&&) noexcept = default;
template <class T>
Optimizer<T>& Optimizer<T>::operator=(Optimizer&&) noexcept = default;

template <class T>
void Optimizer<T>::step(const std::vector<std::span<const T>>& gradients) {
  State& s = *state_;
  const Hold hold(s.busy);
  s.check_gradients(gradients);
  const std::size_t bytes = s.size * sizeof(T) * (3 + 2 * s.slot_count());
  std::visit(
      [&](const auto& rule) {
        run_team(bytes < kTeamBytes ? 1 : team_size(), [&](int thread, int threads) {
          const auto constants = rule.begin(s.steps + 1);
          const Range runs = Share(thread, threads, 1).take((s.size + kRun - 1) / kRun, 1);
          s.update({runs.begin * kRun, std::min(runs.end * kRun, s.size)}, gradients, &constants);
        });
      },
      s.rule);
  ++s.steps;
}

template <class T>
Rule Optimizer<T>::rule() const {
  const Hold hold(state_->busy);
  return state_->rule;
}

template <class T>
void Optimizer<T>::set_rule(const Rule& rule) {
  const Hold hold(state_->busy);
  check_rule(rule);
  if (rule.index() != state_->rule.index()) {
    const auto name = [](const Rule& any) {
      return std::visit([](const auto& r) { return std::string(r.name); }, any);
    };
    throw ValueError("rule: expected " + name(state_->rule) + ", whose state this is, got " + name(rule));
  }
  state_->rule = rule;
}

template <class T>
std::uint64_t Optimizer<T>::steps() const {
  return state_->steps;
}

template <class T>
std::size_t Optimizer<T>::slots() const {
  return state_->slot_count();
}

template <class T>
void Optimizer<T>::get_slot(std::size_t slot, std::size_t array, std::span<T> out) const {
  const Hold hold(state_->busy);
  if (slot >= slots()) throw ValueError("slot: there are only " + std::to_string(slots()));
  state_->check_slot("slot " + std::to_string(slot) + ", array " + std::to_string(array) + ": ", array,
                     out.size());
  std::copy_n(state_->slot(slot, array), out.size(), out.data());
}

template <class T>
void Optimizer<T>::set_state(std::uint64_t steps,
                             const std::vector<std::vector<std::span<const T>>>& values) {
  State& s = *state_;
  const Hold hold(s.busy);
  const auto check_count = [](const std::string& what, std::size_t expected, std::size_t got) {
    if (got == expected) return;
    throw ValueError("state: expected " + std::to_string(expected) + " " + what + ", got " +
                     std::to_string(got));
  };
  check_count("slots", slots(), values.size());
  for (std::size_t slot = 0; slot < slots(); ++slot) {
    check_count("arrays in slot " + std::to_string(slot), s.arrays.size(), values[slot].size());
    for (std::size_t i = 0; i < s.arrays.size(); ++i) {
      const std::string name = "state: slot " + std::to_string(slot) + ", array " + std::to_string(i) + ": ";
      s.check_slot(name, i, values[slot][i].size());
    }
  }
  s.steps = steps;
  for (std::size_t slot = 0; slot < slots(); ++slot) {
    for (std::size_t i = 0; i < s.arrays.size(); ++i) {
      std::copy_n(values[slot][i].data(), values[slot][i].size(), s.slot(slot, i));
    }
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace fanin
