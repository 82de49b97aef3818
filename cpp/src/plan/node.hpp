// A node: what a layer does in training and in prediction. Each kind of layer has one, in layers/.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "fanin/error.hpp"
#include "plan/flow.hpp"
#include "plan/plan.hpp"
#include "rules/parameters.hpp"

namespace fanin {

// The weights (inputs, units) of a dense layer that later ones may share
struct SharedWeights {
  std::size_t layer, inputs, units;  // the user's layer
  std::size_t offset, array;         // in the buffer of parameters; in the table
  bool normalized;                   // prediction folds a batch norm into them
  bool* onto;  // set if another layer writes their gradient before the last layer so far that has them
};

// What layers declare in order (arrays of parameters, streams of random numbers), and what they need to know
// about the layers before them
template <class T>
struct Declarations {
  ParameterTable& table;
  std::vector<Normalizer<T>*>& normalizers;
  std::size_t columns;        // of the next layer's input
  std::size_t widest;         // most columns of an output so far, rounded up to whole panels
  std::size_t next_inside;    // number of the next layer inside another
  std::size_t projected = 0;  // columns after the projection of an input layer
  std::size_t layer = 0;      // the user's layer, 0, 1, ...
  std::string name = {};      // "layer1", or "layer1.layer1" inside another layer
  std::string text = {};      // how messages about the layer begin
  std::size_t number = 0;     // for its random numbers: the user's layers first, then those inside others
  std::size_t stages = 0;     // layers with parameters
  std::uint64_t dense = 0;    // dense layers, and embeddings
  double weights = 0;
  std::size_t depth = 0, deepest = 0;  // of layers inside others
  bool recurs = false;                 // some layer needs sequences
  bool of_sequences = false;           // after a layer that gives their last step
  std::size_t carried = 0;             // columns that recurrent layers carry to the next window
  const Layer* before = nullptr;       // in the same list
  // Batch norms keep these statistics, and are no normalizers of batches
  const RunningStatistics<T>* frozen = nullptr;
  bool synchronized = false;  // batch norms over all ranks
  bool on_inputs = true;      // only dropouts so far
  bool normalized = false;    // only dropouts since a separate batch norm layer
  // That batch norm, if the next dense layer can fold it into its weights for prediction
  Normalizer<T>* into_next = nullptr;
  std::vector<SharedWeights> dense_layers = {};   // of the network's list
  std::vector<std::size_t*> turned_offsets = {};  // to which the size of the table is added
  std::size_t turned = 0;                         // elements of transposed weights for prediction

  // The next layer's input is neither normalized nor the network's inputs.
  void new_value() {
    on_inputs = normalized = false;
    into_next = nullptr;
  }
  // Throws ValueError if there are more weights than any memory has room for, long before sizes overflow
  void count_weights(double rows, std::size_t units) {
    constexpr double most = 0x1p40;
    weights += rows * static_cast<double>(units);
    if (weights <= most && rows <= most) return;
    throw ValueError(text + "the network would have " + number_text(weights) + " weights, more than 2^40");
  }
  // Adds an array of the layer, and returns its offset in its buffer
  std::size_t add(Role role, std::size_t rows, std::size_t array_columns, const char* gate = "") {
    std::vector<ParameterArray>& arrays = is_statistic(role) ? table.statistics : table.trained;
    std::size_t& size = is_statistic(role) ? table.statistics_size : table.size;
    arrays.push_back({layer, name, role, rows, array_columns, size, gate});
    size += Panels<T>{nullptr, rows, array_columns}.size();
    return arrays.back().offset;
  }
  void share(const SharedWeights& weights) {
    if (depth == 0) dense_layers.push_back(weights);
  }
  // Adds memory for transposed weights behind the folded parameters; its offset is known when all layers are
  void turn(const SharedWeights& weights, std::size_t& offset) {
    offset = turned;
    turned_offsets.push_back(&offset);
    turned += Panels<T>{nullptr, weights.units, weights.inputs}.size();
  }
};

template <class T>
class Node : public Work<T> {
 public:
  Node(const Declarations<T>& d, std::size_t columns) : layer(d.layer), name(d.name) {
    out.columns = columns;
    this->of_sequences = out.of_sequences = d.of_sequences;
  }

  const std::size_t layer;  // the user's layer, 0, 1, ...
  const std::string name;   // "layer1", or "layer1.layer1" inside another layer
  Value<T> out;

  // Training. `bind` takes memory for batches of this extent; it is called twice, first to count the memory.
  virtual void bind(Value<T>& in, Carver<T>& memory, Extent most) = 0;
  // What comes before `forward`, unless the parameters are those that the last update left
  virtual void prepare(Plan<T>&) {}
  virtual void forward(Plan<T>& plan) = 0;
  // Notes in `out` whether a gradient is needed, given which arrays of the table are trained, and which job
  // follows it. Called from the first node to the last, before `backward` from the last to the first.
  virtual void link(const std::vector<bool>& trained) = 0;
  // To the parameters too, or only from value to value
  virtual void backward(Plan<T>& plan, bool to_parameters) = 0;
  // Adds the values that a watch measures, with their names
  virtual void show(std::vector<std::pair<std::string, const Value<T>*>>& values) const {
    values.emplace_back(name, &out);
  }
  // Flops of the products for a row; they also determine the cost of the other jobs
  virtual double flops() const { return 0; }

  // Curvature, by the R-operator. `bind_tangents` takes memory, after `bind`. `tangent` computes ra,
  // `second_tangent` half of the second derivative of the value, in rdz; `tangent_backward` rdz, and the
  // tangents of the gradients of the parameters. `jacobian` writes the columns of this node's parameters, for
  // the gradients dz of some rows, from row `first` on; `squares` adds up the squares of these over all rows.
  virtual void bind_tangents(Carver<T>&, std::size_t) {}
  virtual void tangent(Plan<T>&) {}
  virtual void second_tangent(Plan<T>&) {}
  virtual void tangent_backward(Plan<T>&) {}
  virtual void jacobian(Batch, Range, const Panels<T>&, std::size_t) const {}
  virtual void squares(Plan<T>&) {}

  // Initializes the parameters, which are 0 before
  virtual void initialize(T*, std::uint64_t) const {}
  // Computes the parameters that prediction uses, if they differ. A batch norm that is watched is not folded:
  // the products before it stay plain sums.
  virtual void fold(T*, const T*, const RunningStatistics<T>&, const Normalizer<T>*) const {}
  virtual void predict(Flow<T>& flow) const = 0;

 protected:
  std::size_t rows_of(Extent most) const { return this->of_sequences ? most.sequences : most.rows; }
};

template <class T>
using NodeList = std::vector<std::unique_ptr<Node<T>>>;

// Each kind of layer specializes this in its file in layers/.
template <class Kind>
struct NodeOf {
  template <class T>
  static std::unique_ptr<Node<T>> make(const Kind& layer, Declarations<T>& declarations);
};

// Defines how a node is made from a layer; its constructor throws ValueError if the layer cannot stand there.
#define FANIN_NODE(Kind, KindNode)                                                                \
  template <>                                                                                     \
  template <class T>                                                                              \
  std::unique_ptr<Node<T>> NodeOf<Kind>::make(const Kind& layer, Declarations<T>& declarations) { \
    return std::make_unique<KindNode<T>>(layer, declarations);                                    \
  }                                                                                               \
  template std::unique_ptr<Node<float>> NodeOf<Kind>::make(const Kind&, Declarations<float>&);    \
  template std::unique_ptr<Node<double>> NodeOf<Kind>::make(const Kind&, Declarations<double>&);

// The nodes of a network, or of a layer that has layers inside
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
