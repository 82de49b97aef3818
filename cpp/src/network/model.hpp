// The state of a network.
#pragma once

#include <atomic>
#include <cstring>
#include <map>

#include "base/buffer.hpp"
#include "base/floating_point.hpp"
#include "data/checks.hpp"
#include "data/loss.hpp"
#include "fanin/error.hpp"
#include "fanin/network.hpp"
#include "network/base_rate.hpp"
#include "plan/nodes.hpp"
#include "plan/running_statistics.hpp"
#include "rules/rule_state.hpp"

namespace fanin {

// One writer or any number of readers at a time; each throws BusyError instead of waiting.
class Access {
 public:
  class Reading {
   public:
    explicit Reading(Access& access) : access_(access) {
      int users = access_.users_.load();
      do {
        if (users < 0) throw BusyError("network: another thread is training it; wait until it has finished");
      } while (!access_.users_.compare_exchange_weak(users, users + 1));
    }
    ~Reading() { access_.users_.fetch_sub(1); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    Access& access_;
  };
  class Writing {
   public:
    explicit Writing(Access& access) : access_(access) {
      int nobody = 0;
      if (!access_.users_.compare_exchange_strong(nobody, -1)) {
        throw BusyError("network: another thread is using it; wait until it has finished");
      }
    }
    ~Writing() { access_.users_.store(0); }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

   private:
    Access& access_;
  };

 private:
  std::atomic<int> users_{0};
};

template <class T>
struct Network<T>::State {
  static constexpr const char* name = "network";

  State(std::size_t inputs, std::vector<Layer> specs, Loss loss_, std::uint64_t seed_)
      : layers(std::move(specs)),
        nodes(inputs, layers),
        loss(checked_loss(loss_, nodes.outputs())),
        loss_for_kernels(loss, nodes.outputs()),
        input_layer(layers),
        seed(seed_),
        parameters(nodes.table.size),
        statistics(nodes),
        folded_(nodes.has_batch_norm() ? nodes.table.size : 0) {
    check_base_rate(layers);
  }

  // What prediction multiplies by and adds: the parameters, with batch norm folded into weights and biases.
  // For a batch norm of the inputs, the factor of each column takes the place of gamma.
  const T* folded() const { return nodes.has_batch_norm() ? folded_.data() : weights(); }
  // Writers call this last, so that no prediction waits or allocates.
  void fold() noexcept { fold(folded_.data(), nullptr); }
  // The same into other memory, except for the running statistics of the watched batch norm
  void fold(T* to, const Normalizer<T>* watched) const noexcept {
    if (!nodes.has_batch_norm()) return;
    const FloatingPointScope modes;
    std::memcpy(to, weights(), nodes.table.size * sizeof(T));
    for (const auto& node : nodes.list) node->fold(to, weights(), statistics, watched);
  }
  // The memory of the folded parameters, if there are any, as scratch for a writer until it calls `fold`
  T* folded_memory() { return folded_.data(); }

  // Sets one of the table's arrays, row-major, as shown to users; trained weights follow. Then call `fold`.
  void set_array(const ParameterArray& array, std::span<const T> values);

  bool needs_exact_statistics() const;
  // Sets all of them, or none if interrupted or diverged in this epoch
  void take_exact_statistics(const Samples& x, std::size_t epoch, const std::function<bool()>& interrupted);

  const std::vector<Layer> layers;
  const Nodes<T> nodes;
  const Loss loss;
  const LossForKernels<T> loss_for_kernels;
  InputLayer input_layer;
  const std::uint64_t seed;
  std::map<std::string, std::string> metadata;  // the user's
  ColumnNames column_names;
  bool vector_targets = false;
  Buffer<T> parameters;
  RunningStatistics<T> statistics;
  mutable Access access;
  std::atomic<bool> training{false};  // whether a Training of it exists

  std::uint64_t epochs = 0;  // epochs begun; they determine the order of samples
  RuleState<T> state;        // of the update rule, from epoch to epoch

  // The weights used for predictions: not those being trained if a rule looks ahead or weights are averaged
  T* shown() const { return state.shows() ? state.shown.data() : parameters.data(); }
  const T* weights() const { return shown(); }
  // Those being trained if their average is shown, in `room` if they are not stored as such
  const T* weights(Weights which, Buffer<T>& room) const {
    if (which == Weights::shown || !state.averaging) return shown();
    if (!state.ahead) return parameters.data();
    room = Buffer<T>(nodes.table.size);
    state.convert_all(Direction::to_shown, room.data(), parameters.data(), nodes.table, {0, room.size()});
    return room.data();
  }

 private:
  Buffer<T> folded_;
};

}  // namespace fanin
