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
#include "network/layer_learner.hpp"
#include "plan/nodes.hpp"
#include "plan/running_statistics.hpp"
#include "rules/rule_state.hpp"
#include "solvers/solver_state.hpp"

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

// All that depends on how many columns the input layer gives
template <class T>
struct Layout {
  Layout(InputWidths widths, const std::vector<Layer>& layers)
      : nodes(widths, layers),
        parameters(nodes.table.size),
        statistics(nodes),
        folded_parameters(nodes.folded_size()) {}
  void initialize(std::uint64_t seed) {
    const FloatingPointScope modes;
    for (const auto& node : nodes.list) node->initialize(parameters.data(), seed);
  }

  Nodes<T> nodes;
  Buffer<T> parameters;
  RunningStatistics<T> statistics;
  Buffer<T> folded_parameters;
};

// What an input layer has learned, ready for a network
template <class T>
struct Adaptation {
  InputMap map;
  Buffer<T> projection;
  std::optional<Layout<T>> layout;  // if the parameters are not laid out yet
};

template <class T>
struct Network<T>::State : Layout<T> {
  static constexpr const char* name = "network";
  using Layout<T>::nodes, Layout<T>::parameters, Layout<T>::statistics;

  State(std::size_t columns, std::vector<Layer> specs, Loss loss_, std::uint64_t seed_, InputLayer layer)
      : Layout<T>(layer.widths(columns), specs),
        inputs(columns),
        outputs(nodes.outputs()),
        layers(std::move(specs)),
        loss(checked_loss(loss_, outputs)),
        loss_for_kernels(loss, outputs),
        input_layer(std::move(layer)),
        projection(projection_of(input_layer.map)),
        seed(seed_) {
    check_base_rate(layers);
  }

  // Whether the parameters are laid out: not if their number depends on what the input layer will learn
  bool laid_out() const { return input_layer.has_widths(); }
  void check_laid_out() const {
    if (laid_out()) return;
    throw ValueError(
        "network: its parameters are laid out when its input layer learns how many columns it gives; "
        "call fit or adapt first");
  }
  // What has been learned stays while weights are trained for it, and so do the directions of components.
  void check_adaptable() const {
    if (training)
      throw BusyError("network: a fit is under way; let the input layer learn before or after it");
    if (input_layer.turns && epochs > 0) {
      throw ValueError(
          "network: other rows give its Whiten components in other directions, for which its weights are not "
          "trained; create a new network, or use zca");
    }
  }
  // Throws ValueError if the parameters are laid out for another number of columns.
  Adaptation<T> adaptation(InputMap map) const;
  // Learns from these rows, those of all ranks, unless the input layer has learned already
  template <class W>
  Adaptation<T> adaptation_to(const Samples& x, const W& weights, const Ranks& ranks = {}) const {
    if (input_layer.learned()) return {};
    LayerLearner learner(layers, inputs, ranks.many());
    if (nodes.over == Over::sequences && !weights.empty()) {
      std::vector<double> of_steps;
      for (std::size_t i = 0; i + 1 < x.starts.size(); ++i) {
        of_steps.insert(of_steps.end(), length_of(x.starts, i), weights[i]);
      }
      learner.add(ranks, x, of_steps);
    } else {
      learner.add(ranks, x, weights);
    }
    InputMap map = learner.learn(&x);
    if (ranks.many() && map.projects) {  // libraries of linear algebra differ
      std::vector<std::size_t> columns{map.outputs};
      ranks.broadcast(columns);
      map.outputs = columns[0];
      ranks.broadcast(map.matrix);
    }
    return adaptation(std::move(map));
  }
  void adopt(Adaptation<T>&& adaptation) noexcept;

  // What prediction multiplies by and adds: the parameters, with batch norm folded into weights and biases,
  // then transposed weights. For a batch norm of the inputs, the factor of each column takes the place of
  // gamma.
  const T* folded() const { return nodes.folds() ? this->folded_parameters.data() : weights(); }
  // Writers call this last, so that no prediction waits or allocates.
  void fold() noexcept { fold(this->folded_parameters.data(), nullptr); }
  // The same into other memory, except for the running statistics of the watched batch norm
  void fold(T* to, const Normalizer<T>* watched) const noexcept {
    if (!nodes.folds()) return;
    const FloatingPointScope modes;
    std::memcpy(to, weights(), nodes.table.size * sizeof(T));
    for (const auto& node : nodes.list) node->fold(to, weights(), statistics, watched);
  }
  // The memory of the folded parameters, if there are any, as scratch for a writer until it calls `fold`
  T* folded_memory() { return this->folded_parameters.data(); }

  // One of the table's trained arrays, row-major, as shown to users
  void get_array(const ParameterArray& array, std::span<T> out) const;
  // Sets one of the table's arrays, row-major, as shown to users; trained weights follow. Then call `fold`.
  void set_array(const ParameterArray& array, std::span<const T> values);
  // At the first epoch, unless they have been set; nothing if there are none
  void start_at_base_rates(std::span<const T> biases);

  bool needs_exact_statistics() const;
  // Sets all of them, or none if interrupted or diverged in this epoch
  void take_exact_statistics(const Samples& x, std::size_t epoch, const std::function<bool()>& interrupted,
                             const Ranks& ranks);

  const std::size_t inputs, outputs;
  const std::vector<Layer> layers;
  const Loss loss;
  const LossForKernels<T> loss_for_kernels;
  InputLayer input_layer;
  Buffer<T> projection;  // of the input layer, in panels
  const std::uint64_t seed;
  std::map<std::string, std::string> metadata;  // the user's
  ColumnNames column_names;
  bool vector_targets = false;
  mutable Access access;
  std::atomic<bool> training{false};  // whether a Training of it exists

  const std::uint64_t identity = next_identity();  // which states of sequences remember

  std::uint64_t epochs = 0;  // epochs begun; they determine the order of samples
  RuleState<T> state;        // of the update rule, from epoch to epoch
  SolverState<T> solver;     // of the solver that trained these weights, if it was one

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
  static Buffer<T> projection_of(const InputMap& map);
  static std::uint64_t next_identity() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
};

}  // namespace fanin
