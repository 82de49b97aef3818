// A node: what a layer does in training and in prediction. Each kind of layer has one, in layers/.
#pragma once

#include <memory>
#include <vector>

#include "plan/flow.hpp"
#include "plan/plan.hpp"
#include "rules/parameters.hpp"

namespace fanin {

// What layers declare in their order: arrays of parameters, streams of random numbers; and what they have to
// know of those before them
template <class T>
struct Declarations {
  ParameterTable& table;
  std::vector<Normalizer<T>*>& normalizers;
  std::size_t columns;      // of what the next layer is given
  std::size_t widest;       // of all so far, rounded up to whole panels
  std::size_t next_inside;  // number of the next layer inside another
  std::size_t layer = 0;    // among the user's, 0, 1, ...
  std::string name = {};    // "layer1", or inside another "layer1.layer1"
  std::string text = {};    // how sentences about the layer begin
  std::size_t number = 0;   // that its random numbers depend on: its place, those inside others behind
  std::size_t stages = 0;   // layers with parameters
  std::uint64_t dense = 0;  // dense layers
  double weights = 0;
  std::size_t depth = 0, deepest = 0;  // of layers inside others
  const Layer* before = nullptr;       // in the same list
  bool on_inputs = true;               // nothing but dropouts so far
  bool normalized = false;             // nothing but dropouts since a batch norm by itself
  // That batch norm, where a dense layer can take it into its weights for prediction
  Normalizer<T>* into_next = nullptr;

  // What comes is no longer what was normalized, nor the inputs.
  void new_value() {
    on_inputs = normalized = false;
    into_next = nullptr;
  }
  // Returns the offset of an array of the layer in its buffer.
  std::size_t add(Role role, std::size_t rows, std::size_t array_columns) {
    std::vector<ParameterArray>& arrays = is_statistic(role) ? table.statistics : table.trained;
    std::size_t& size = is_statistic(role) ? table.statistics_size : table.size;
    arrays.push_back({layer, name, role, rows, array_columns, size});
    size += Panels<T>{nullptr, rows, array_columns}.size();
    return arrays.back().offset;
  }
};

template <class T>
class Node : public Work<T> {
 public:
  Node(std::size_t layer_number, std::size_t columns) : layer(layer_number) { out.columns = columns; }

  const std::size_t layer;  // among the user's, 0, 1, ...
  Value<T> out;

  // Training. Memory for batches of so many rows; twice, as the first time it is counted
  virtual void bind(Value<T>& in, Carver<T>& memory, std::size_t rows) = 0;
  virtual void forward(Plan<T>& plan) = 0;
  // Which arrays of the table are trained is known: says in `out` whether a gradient is wanted, and what
  // follows it. From the first node to the last, before `backward` from the last to the first.
  virtual void link(const std::vector<bool>& trained) = 0;
  virtual void backward(Plan<T>& plan) = 0;
  // of the products of a row, which also says how long other passes over it take
  virtual double flops() const { return 0; }

  // Parameters, which are 0 at first
  virtual void initialize(T*, std::uint64_t) const {}
  // From parameters to those that prediction uses, where they are not the same. Not the statistics of a batch
  // norm that is watched: its products are then plain sums.
  virtual void fold(T*, const T*, const RunningStatistics<T>&, const Normalizer<T>*) const {}
  virtual void predict(Flow<T>& flow) const = 0;
};

template <class T>
using NodeList = std::vector<std::unique_ptr<Node<T>>>;

// Each kind's file in layers/ has its own.
template <class Kind>
struct NodeOf {
  template <class T>
  static std::unique_ptr<Node<T>> make(const Kind& layer, Declarations<T>& declarations);
};

// A node is made of a layer and its declarations, and throws ValueError where the layer cannot stand there.
#define FANIN_NODE(Kind, KindNode)                                                                \
  template <>                                                                                     \
  template <class T>                                                                              \
  std::unique_ptr<Node<T>> NodeOf<Kind>::make(const Kind& layer, Declarations<T>& declarations) { \
    return std::make_unique<KindNode<T>>(layer, declarations);                                    \
  }                                                                                               \
  template std::unique_ptr<Node<float>> NodeOf<Kind>::make(const Kind&, Declarations<float>&);    \
  template std::unique_ptr<Node<double>> NodeOf<Kind>::make(const Kind&, Declarations<double>&);

// of a network, or of a layer that has layers inside
template <class T>
NodeList<T> make_nodes(const std::vector<Layer>& layers, Declarations<T>& declarations);

template <class T>
double flops_of(const NodeList<T>& nodes) {
  double sum = 0;
  for (const auto& node : nodes) sum += node->flops();
  return sum;
}

template <class T>
void predict_all(const NodeList<T>& nodes, Flow<T>& flow) {
  for (const auto& node : nodes) {
    if (!flow.ended) node->predict(flow);
  }
}

}  // namespace fanin
