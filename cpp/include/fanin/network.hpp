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
#include "fanin/budget.hpp"
#include "fanin/initializers.hpp"
#include "fanin/layers/all.hpp"
#include "fanin/losses.hpp"
#include "fanin/owned.hpp"
#include "fanin/rule.hpp"
#include "fanin/views.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// One loss with its hyper-parameters.
using Loss = decltype(variant_of(Losses{}));

struct Evaluation {
  double loss, metric;  // the metric is the one the loss names
};

// Of a network that averages its weights: the average, which predicts, or the weights trained
enum class Weights { shown, trained };

// Of arrays: all, or shapes, labels and weights alone, where an earlier call has checked all
enum class Checks { all, shapes };

// Of the columns of X and y, by these names of arguments
using ColumnNames = std::map<std::string, std::vector<std::string>>;

// One array of what a network keeps: "layer1.weight" (inputs, units), "layer1.bias" (units), which is a
// vector, ...
struct ArrayShape {
  std::string name;
  std::size_t rows, columns;  // a vector has one row
  bool vector;
  bool trained;  // statistics of batch norm are not
};

// T is float or double: the type of parameters and arithmetic.
//
// The same data, seed and hyper-parameters give the same bits on every instruction set and number of threads.
// One epoch of training, or any number of const calls, at a time: anything else throws BusyError. A network
// that was moved from throws ValueError.
template <class T>
class Network {
 public:
  // Throws ValueError where a number of inputs or units is 0, there is no Dense, the last layer is a
  // BatchNorm or a Dropout, one of these follows one of its kind, layers of a Residual do not give as many
  // columns as they are given, an initializer does not fit its layer or gives values that are not finite in
  // T, or the loss does not fit the outputs.
  Network(std::size_t inputs, std::vector<Layer> layers, Loss loss, std::uint64_t seed = 0);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  // An independent network with everything save() writes: training continues on both with the same bits.
  Network copy() const;

  std::size_t inputs() const;
  std::size_t outputs() const;
  std::size_t parameters() const;  // weights, biases, gamma and beta
  const std::vector<Layer>& layers() const;
  const Loss& loss() const;
  std::uint64_t seed() const;

  // Rows of outputs as the loss shows them: probabilities of classes, means of counts. Any number of threads
  // may call it at once; it prints nothing and waits for nobody. A few rows are done on the stack, more in
  // memory of which a thread keeps 3 MiB for each of its team at most. `interrupted` is asked about every
  // 30 ms by the thread that calls; true ends the call with InterruptedError and `out` half written. Throws
  // ValueError where `out` shares memory with x.
  void predict(const Samples& x, MatrixView<T> out, const std::function<bool()>& interrupted = {}) const;
  // The same without exceptions: false, where one would be thrown.
  bool try_predict(const Samples& x, MatrixView<T> out) const noexcept;
  // Weighted by sample weights where there are any.
  Evaluation evaluate(const Samples& x, const Targets& y, SampleWeights weights = {},
                      const std::function<bool()>& interrupted = {}, Checks checks = Checks::all) const;

  // All arrays, layer by layer: what is trained of a layer in the order of Method::arrays, then its
  // statistics.
  std::vector<ArrayShape> arrays() const;
  // The values of the one with this name, row-major
  void get_array(std::string_view name, std::span<T> out, Weights which = Weights::shown) const;
  void set_array(std::string_view name, std::span<const T> values);  // each call folds all batch norms
  // The values of all of them; nothing is written unless all can be.
  void set_arrays(const std::vector<std::span<const T>>& values);

  // What the network was last trained with, whose state it keeps; and the epochs begun so far
  std::optional<Method> method() const;
  std::uint64_t epochs() const;

  // Texts of your own by name, in UTF-8, such as the names of classes; they are saved with the model.
  std::map<std::string, std::string> metadata() const;
  void set_metadata(std::map<std::string, std::string> metadata);

  // Names of the columns that the network was trained on, in their order, where the caller knows them; they
  // are saved with the model. Different names in UTF-8, as many as there are inputs ("X") or outputs ("y").
  ColumnNames column_names() const;
  void set_column_names(ColumnNames names);

  // A safetensors file, or its bytes, with all there is: architecture, weights as (inputs, units), the rule
  // with its state, the place in the random orders. Training goes on from it as it would have, bit for bit. A
  // rename puts the file in its place as a whole, or leaves what was there, whatever happens; owner and
  // permissions stay. Where a rename cannot (a file that is a mount), the old file is written over while the
  // new content is whole in another, "<name>.fanin-new", which the message names if that fails. Throws
  // FileError.
  void save(const std::filesystem::path& path) const;
  std::vector<std::byte> to_bytes() const;
  // Nothing of a file is trusted: FormatError tells what is wrong with it, or that its numbers are not of
  // type T.
  static Network load(const std::filesystem::path& path);
  static Network from_bytes(std::span<const std::byte> bytes);

 private:
  template <class>
  friend class Training;
  template <class>
  friend class Snapshot;
  friend struct ModelFile;
  struct State;
  explicit Network(std::unique_ptr<State> state);
  Owned<State> state_;
};

// A network of either precision
using AnyNetwork = std::variant<Network<float>, Network<double>>;
AnyNetwork load(const std::filesystem::path& path);
AnyNetwork from_bytes(std::span<const std::byte> bytes);

struct TrainingOptions {
  // Cut to the number of samples. With batch norm a single row that is left over joins the batch before it.
  std::size_t batch_size = 32;
  bool shuffle = true;
  // Asked about every 50 ms by the thread that called `epoch`; true stops before the next update. It must not
  // throw, here and wherever else it is asked.
  std::function<bool()> interrupted = {};
  // Where it is spent, an epoch ends after the update under way. Borrowed.
  Budget* budget = nullptr;
  // Of this fit, on other data before these; a DivergedError counts them.
  std::size_t epochs_before = 0;
};

struct EpochResult {
  double loss;       // (weighted) mean over the samples trained, each taken before its batch's update
  bool interrupted;  // stopped before the end of the epoch or the budget, after whole steps
  double share = 1;  // of the samples, by weight, that were trained
};

class Population;

// Training of a network on a data set. Construction checks everything and allocates what every method needs;
// an epoch allocates only for a method that needs more than those before, and first of all. x, y and weights
// are borrowed and must outlive this object, as must the network.
template <class T>
class Training {
 public:
  // Throws ValueError: shapes, values that are not finite, labels outside 0..k-1, a batch size of 0, no
  // samples.
  Training(Network<T>& network, const Samples& x, const Targets& y, TrainingOptions options = {},
           SampleWeights weights = {});
  ~Training();

  // One pass over the samples in an order of its own, which depends on the seed and the number of epochs
  // trained. The state of the rule is the network's: it is kept from call to call, also when hyper-parameters
  // change, until another kind of rule comes. A rule, or a Method: a rule and what goes on around it. Throws
  // ValueError, BusyError, DivergedError.
  EpochResult epoch(const Method& method);

  // For each batch norm that asks for it: mean and variance of what it sees over all samples, instead of
  // averages; layer by layer, the layers before it as in prediction. Two rows at least.
  // Throws InterruptedError, and changes nothing then.
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
