// A multi-layer network: build, train, predict.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fanin/activations.hpp"
#include "fanin/initializers.hpp"
#include "fanin/layers/all.hpp"
#include "fanin/losses.hpp"
#include "fanin/minimize.hpp"
#include "fanin/owned.hpp"
#include "fanin/recurrent_state.hpp"
#include "fanin/rule.hpp"
#include "fanin/training_options.hpp"
#include "fanin/views.hpp"
#include "fanin/whole_batch.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// One loss with its hyper-parameters.
using Loss = decltype(variant_of(Losses{}));

struct Evaluation {
  double loss, metric;  // Loss::metric names the metric
};

// For a network that averages its weights: the average, used for prediction, or the weights being trained
enum class Weights { shown, trained };

// Of arrays: all checks, or only shapes, labels and weights because an earlier call has done the rest
enum class Checks { all, shapes };

// Names of the columns of X and y, by those argument names
using ColumnNames = std::map<std::string, std::vector<std::string>>;

// One array of a network: "layer1.weight" (inputs, units), "layer1.bias" (units), which is a vector, ...
struct ArrayShape {
  std::string name;
  std::size_t rows, columns;  // a vector has one row
  bool vector;
  bool trained;  // false for batch-norm statistics
};

// An array that an input layer has learned, row-major. For each column of X "layer1.centre", "layer1.scale"
// and "layer1.fill", in place of missing values; "layer1.knots" and "layer1.scores" of a QuantileLayer;
// "layer1.matrix" of a Whiten; "layer1.x0.knots", ... of a code; "layer1.indicators": columns that have one.
struct LearnedArray {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<double> values;
};

// The condition number of X'X / m: the largest eigenvalue over the smallest that is not 0. `before` that of
// X, `after` that of what the layer after the input layer gets.
struct ConditionNumbers {
  double before, after;
};

// What a network has of the update rule that it was last trained with. The arrays are named as in model
// files, row-major: "rule.v.layer1.weight" for each slot, and "rule.trained.layer1.weight" if the rule trains
// other weights than those shown.
template <class T>
struct RuleProgress {
  std::uint64_t steps = 0;     // updates
  double memory = 0;           // the number that the rule carries from step to step
  std::uint64_t averaged = 0;  // updates in the average of the weights
  std::map<std::string, std::vector<T>> arrays = {};
};

// Rows to learn from. Borrowed until the next chunk is requested.
struct InputChunk {
  Samples x;
  SampleWeights weights = {};
};

// T is float or double: the type of parameters and arithmetic.
//
// The same data, seed and hyper-parameters give the same bits on every instruction set and number of threads.
// One epoch of training, or any number of const calls, may run at a time; anything else throws BusyError.
// Using a moved-from network throws ValueError.
template <class T>
class Network {
 public:
  // Throws ValueError if a number of inputs or units is 0, there is no Dense, an input layer is not first,
  // the last layer is a BatchNorm or a Dropout, one of these follows another of its kind, the layers of a
  // Residual do not have as many outputs as inputs, an initializer does not fit its layer or has values that
  // are not finite in T, or the loss does not fit the outputs.
  Network(std::size_t inputs, std::vector<Layer> layers, Loss loss, std::uint64_t seed = 0);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  // Makes this network that of rank 0, with everything save() writes. As in an assignment, no other thread
  // may use it.
  void take_from_first(Communicator& communicator);

  // An independent network with everything save() writes: both continue training with the same bits.
  Network copy() const;

  std::size_t inputs() const;
  std::size_t outputs() const;
  std::size_t parameters() const;  // weights, biases, gamma and beta
  const std::vector<Layer>& layers() const;
  const Loss& loss() const;
  std::uint64_t seed() const;

  // Rows of outputs as the loss defines them: class probabilities, means of counts. Any number of threads may
  // call it at once; it prints nothing and never blocks. A few rows use the stack, more use scratch memory,
  // of which a thread retains at most 3 MiB for each thread of its team. The calling thread calls
  // `interrupted` about every 30 ms; true ends the call with InterruptedError and `out` half written. Throws
  // ValueError if `out` shares memory with x.
  void predict(const Samples& x, MatrixView<T> out, const std::function<bool()>& interrupted = {}) const;
  // The same without exceptions: returns false if `predict` would throw.
  bool try_predict(const Samples& x, MatrixView<T> out) const noexcept;
  // Weighted by sample weights if given; over the rows of all ranks if there are several.
  Evaluation evaluate(const Samples& x, const Targets& y, SampleWeights weights = {},
                      const std::function<bool()>& interrupted = {}, Checks checks = Checks::all,
                      Communicator* communicator = nullptr) const;

  // Recurrent layers need sequences; outputs are for each step if all such layers return sequences, else for
  // each sequence.
  bool recurrent() const;
  bool many_to_many() const;
  // Streams: a state for so many sequences side by side. `step` takes the next row of each, gives the outputs
  // after it, with the bits of `predict` for all steps so far, and changes the state; it allocates nothing.
  RecurrentState<T> new_state(std::size_t rows = 1) const;
  void step(const Samples& x, MatrixView<T> out, RecurrentState<T>& state) const;

  // Throws ValueError if these data cannot be trained on or evaluated.
  void check(const Samples& x, const Targets& y, SampleWeights weights = {}) const;

  // An input layer learns anew, from these rows or from all chunks until there are none, and replaces what it
  // has learned so far, once all checks have passed. The first fit of a network does this with its training
  // set unless the layer has learned already. `adapted` is true for a network without an input layer.
  void adapt(const Samples& x, SampleWeights weights = {});
  void adapt(const std::function<std::optional<InputChunk>()>& next);
  //
  // If the number of columns that the layer gives depends on the data, the parameters are laid out then:
  // before, functions about arrays throw ValueError. Afterwards, rows that would give another number of
  // columns are refused.
  bool has_input_layer() const;
  bool adapted() const;
  // Columns that the layer gives, if they are known; all inputs without an input layer
  std::optional<std::size_t> first_columns() const;
  // If the caller knows them; kept until the layer learns anew, and saved with the model
  std::optional<ConditionNumbers> condition_numbers() const;
  void set_condition_numbers(ConditionNumbers numbers);
  // The rows that it gives, (rows of x, first_columns())
  void first_inputs(const Samples& x, MatrixView<T> out) const;
  std::vector<LearnedArray> learned_arrays() const;

  // The class of each sample: its label for a loss of labels, 0 or 1 for one column of these targets for
  // `logistic`. Throws ValueError for anything else, as an error of `argument`, which needs the classes.
  std::vector<std::int32_t> classes(const Targets& y, std::string_view argument) const;

  // All arrays, layer by layer: a layer's trained arrays in the order of Method::arrays, then its statistics.
  std::vector<ArrayShape> arrays() const;
  // Names of the trained arrays, which are known before the parameters are laid out
  std::vector<std::string> trained_names() const;
  // The values of the array with this name, row-major
  void get_array(std::string_view name, std::span<T> out, Weights which = Weights::shown) const;
  void set_array(std::string_view name, std::span<const T> values);  // each call refolds all batch norms
  // Sets all arrays, or none if any cannot be set.
  void set_arrays(const std::vector<std::span<const T>>& values);

  // The method the network was last trained with, whose state it holds, or else the solver, whose knowledge
  // it holds; and the epochs begun so far
  std::optional<Method> method() const;
  std::optional<WholeBatch> solver() const;
  std::uint64_t epochs() const;
  // The state of that method; nothing but zeros if there is none
  RuleProgress<T> rule_progress() const;
  // As if the method had trained the network so far. The weights shown stay the same. Throws ValueError,
  // without changing anything, for a method out of range, and for arrays that it lacks or does not have.
  void set_rule_progress(const Method& method, const RuleProgress<T>& progress);

  // The caller's texts by name, in UTF-8, such as the names of classes; they are saved with the model.
  std::map<std::string, std::string> metadata() const;
  void set_metadata(std::map<std::string, std::string> metadata);

  // Names of the training data's columns, in order, if the caller knows them; they are saved with the model.
  // Distinct names in UTF-8, as many as there are inputs ("X") or outputs ("y").
  ColumnNames column_names() const;
  void set_column_names(ColumnNames names);

  // Whether a network of one output was last trained on a vector of targets, if the caller knows it; saved
  // with the model. Python's `predict` then returns a vector too.
  bool vector_targets() const;
  void set_vector_targets(bool vector);

  // A safetensors file, or its bytes, with everything: architecture, weights as (inputs, units), the rule
  // with its state, or a solver with what it knows, the positions in the random streams. Training resumes
  // from it bit for bit. The file is put in place by a rename, so that a failure leaves the old file whole;
  // owner and permissions are preserved. Where a rename is impossible (a file that is a mount point), the old
  // file is overwritten while a complete copy of the new content is in "<name>.fanin-new", which the error
  // names if that fails. Throws FileError.
  void save(const std::filesystem::path& path) const;
  std::vector<std::byte> to_bytes() const;
  // Files are not trusted: a FormatError says what is wrong with one, or that its numbers are not of type T.
  static Network load(const std::filesystem::path& path);
  static Network from_bytes(std::span<const std::byte> bytes);

 private:
  template <class>
  friend class Training;
  template <class>
  friend class SolverTraining;
  template <class>
  friend class Snapshot;
  template <class>
  friend class Objective;
  template <class>
  friend class RecurrentState;
  friend struct ModelFile;
  struct State;
  explicit Network(std::unique_ptr<State> state);
  Owned<State> state_;
};

// A network of either precision
using AnyNetwork = std::variant<Network<float>, Network<double>>;
AnyNetwork load(const std::filesystem::path& path);
AnyNetwork from_bytes(std::span<const std::byte> bytes);

class Population;

// Training of a network on a data set. The constructor checks everything and allocates what every method
// needs; an epoch allocates, before anything else, only if its method needs more than earlier ones. x, y and
// weights are borrowed and must outlive this object, as must the network.
template <class T>
class Training {
 public:
  // Throws ValueError for wrong shapes, values that are not finite, labels outside 0..k-1, a batch size of 0,
  // empty data, and batches by class where targets are no classes or, for balanced ones, of one class.
  Training(Network<T>& network, const Samples& x, const Targets& y, TrainingOptions options = {},
           SampleWeights weights = {});
  ~Training();

  // One pass over as many samples as there are, in the order of `batches`, which depends on the seed and the
  // number of epochs trained. The network holds the rule's state, which carries over from call to call, even
  // if hyper-parameters change, until another kind of rule is used. Accepts a rule, or a Method: a rule with
  // options around it. With `order`, a row for each row of x, the epoch visits these instead; it is borrowed
  // until the epoch has ended. Throws ValueError, BusyError, DivergedError.
  EpochResult epoch(const Method& method, std::span<const std::uint32_t> order = {});

  // The rows of x that the last epoch visited, in order; empty before the first
  std::span<const std::uint32_t> order() const;

  // Gives each batch norm that asks for it the mean and variance of its inputs over all samples, instead of
  // running statistics; layer by layer, with earlier layers in prediction mode. Needs at least two rows.
  // Throws InterruptedError, with nothing changed.
  void exact_statistics();

 private:
  friend class Population;
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Network<float>;
extern template class Network<double>;
extern template class Training<float>;
extern template class Training<double>;

}  // namespace fanin

#pragma GCC visibility pop
