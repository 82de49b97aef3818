// What an input layer learns, and how it takes its place in a network.
#include "base/panel_rows.hpp"
#include "base/registry.hpp"
#include "data/gather.hpp"
#include "data/operands.hpp"
#include "network/model.hpp"

namespace fanin {

template <class T>
Buffer<T> Network<T>::State::projection_of(const InputMap& map) {
  if (map.matrix.empty()) return {};
  const Panels<T> shape{nullptr, map.widths().gathered, map.outputs};
  Buffer<T> buffer(shape.size());
  for_each_run(Panels<T>{buffer.data(), shape.rows, shape.columns}, map.matrix.data(),
               [](T* to, const double* from, std::size_t n) {
                 for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]);
               });
  return buffer;
}

template <class T>
Adaptation<T> Network<T>::State::adaptation(InputMap map) const {
  const InputWidths widths = map.widths();
  Adaptation<T> made{{}, projection_of(map), {}};
  if (!laid_out()) {
    made.layout.emplace(widths, layers);
    made.layout->initialize(seed);
  } else if (widths != nodes.inputs) {
    throw ValueError("network: its input layer would give " + std::to_string(widths.outputs) +
                     " columns for these rows, but its weights are for " +
                     std::to_string(nodes.inputs.outputs) + "; create a new network");
  }
  made.map = std::move(map);
  return made;
}

template <class T>
void Network<T>::State::adopt(Adaptation<T>&& adaptation) noexcept {
  input_layer.map = std::move(adaptation.map);
  projection = std::move(adaptation.projection);
  if (adaptation.layout) static_cast<Layout<T>&>(*this) = *std::move(adaptation.layout);
}

namespace {

template <class T>
void learn_from(LayerLearner& learner, const InputLayer& layer, const InputChunk& chunk, std::size_t inputs) {
  check_samples<T>(chunk.x, inputs, layer, Checks::shapes);
  check_sample_weights<T>(chunk.weights, rows_of(chunk.x));
  // a pass over X that looks for the value that is not in order
  if (!learner.add(chunk.x, chunk.weights)) check_samples<T>(chunk.x, inputs, layer);
}

}  // namespace

template <class T>
void Network<T>::adapt(const Samples& x, SampleWeights weights) {
  State& net = *state_;
  LayerLearner learner(net.layers, net.inputs, false);
  const Access::Writing writing(net.access);
  net.check_adaptable();
  learn_from<T>(learner, net.input_layer, {x, weights}, net.inputs);
  net.adopt(net.adaptation(learner.learn(&x)));
  net.fold();
}

template <class T>
void Network<T>::adapt(const std::function<std::optional<InputChunk>()>& next) {
  State& net = *state_;
  LayerLearner learner(net.layers, net.inputs, true);
  const Access::Writing writing(net.access);
  net.check_adaptable();
  while (const std::optional<InputChunk> chunk = next()) {
    learn_from<T>(learner, net.input_layer, *chunk, net.inputs);
  }
  net.adopt(net.adaptation(learner.learn()));
  net.fold();
}

template <class T>
bool Network<T>::has_input_layer() const {
  return state_->input_layer.exists;
}
template <class T>
bool Network<T>::adapted() const {
  const Access::Reading reading(state_->access);
  return state_->input_layer.learned();
}
template <class T>
std::optional<std::size_t> Network<T>::first_columns() const {
  const Access::Reading reading(state_->access);
  if (!state_->laid_out()) return std::nullopt;
  return state_->nodes.inputs.outputs;
}

template <class T>
std::optional<ConditionNumbers> Network<T>::condition_numbers() const {
  const Access::Reading reading(state_->access);
  return state_->input_layer.map.condition;
}
template <class T>
void Network<T>::set_condition_numbers(ConditionNumbers numbers) {
  const Access::Writing writing(state_->access);
  check_learned(state_->input_layer);
  state_->input_layer.map.condition = numbers;
}

template <class T>
std::vector<LearnedArray> Network<T>::learned_arrays() const {
  const Access::Reading reading(state_->access);
  const InputMap& map = state_->input_layer.map;
  std::vector<LearnedArray> arrays;
  InputMap::arrays(
      map, [&](const char* name, const std::vector<double>& values, const std::vector<std::uint64_t>& shape) {
        const std::uint64_t size = shape[0] * (shape.size() > 1 ? shape[1] : 1);
        arrays.push_back({learned_name(name),
                          {shape.begin(), shape.end()},
                          {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size)}});
      });
  if (map.encoder) {
    for_each_learned(*map.encoder, [&](const std::string& name, const std::vector<double>& values) {
      arrays.push_back({learned_name(name.c_str()), {values.size()}, values});
    });
  }
  if (!map.indicators.empty()) {
    arrays.push_back({learned_name("indicators"),
                      {map.indicators.size()},
                      {map.indicators.begin(), map.indicators.end()}});
  }
  return arrays;
}

template <class T>
void Network<T>::first_inputs(const Samples& x, MatrixView<T> out) const {
  const State& net = *state_;
  check_samples<T>(x, net.inputs, net.input_layer);
  const Access::Reading reading(net.access);
  check_learned(net.input_layer);
  const InputWidths widths = net.nodes.inputs;
  out = checked_output("out", out, rows_of(x), widths.outputs);
  check_apart(std::array{Named{"out", memory_of(out)}}, operands_of("X", x));
  const NodeSamples samples(net.input_layer.map, x);
  const FloatingPointScope modes;
  Buffer<T> gathered(Panels<T>{nullptr, kRowBlock, widths.gathered}.size()),
      projected(Panels<T>{nullptr, kRowBlock, widths.outputs}.size());
  for (std::size_t row = 0; row < out.rows; row += kRowBlock) {
    const std::size_t count = std::min(kRowBlock, out.rows - row);
    Panels<T> rows{gathered.data(), count, widths.gathered};
    gather_samples(samples.rows(), rows, nullptr, row, {0, count}, net.input_layer.columns());
    if (net.projection.size() > 0) {
      const Panels<T> product{projected.data(), count, widths.outputs};
      kernels<T>().forward({product,
                            {},
                            read_only(rows),
                            {net.projection.data(), widths.gathered, widths.outputs},
                            nullptr,
                            static_cast<int>(activation<Identity>)},
                           {0, product.count()}, {0, count});
      rows = product;
    }
    for (std::size_t i = 0; i < count; ++i) {
      T* const to = out.data + static_cast<std::ptrdiff_t>(row + i) * out.row_stride;
      for (std::size_t j = 0; j < rows.columns; ++j) to[j] = rows.at(i, j / kPanel<T>)[j % kPanel<T>];
    }
  }
}

#define FANIN_INSTANTIATE(T)                                                          \
  template Buffer<T> Network<T>::State::projection_of(const InputMap&);               \
  template Adaptation<T> Network<T>::State::adaptation(InputMap) const;               \
  template void Network<T>::State::adopt(Adaptation<T>&&) noexcept;                   \
  template void Network<T>::adapt(const Samples&, SampleWeights);                     \
  template void Network<T>::adapt(const std::function<std::optional<InputChunk>()>&); \
  template bool Network<T>::has_input_layer() const;                                  \
  template bool Network<T>::adapted() const;                                          \
  template std::optional<std::size_t> Network<T>::first_columns() const;              \
  template std::optional<ConditionNumbers> Network<T>::condition_numbers() const;     \
  template void Network<T>::set_condition_numbers(ConditionNumbers);                  \
  template std::vector<LearnedArray> Network<T>::learned_arrays() const;              \
  template void Network<T>::first_inputs(const Samples&, MatrixView<T>) const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
