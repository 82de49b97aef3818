// Streams: the layers step by step, with what they carry.
#include "fanin/recurrent_state.hpp"

#include "data/checks.hpp"
#include "data/operands.hpp"
#include "network/block.hpp"

namespace fanin {

// `carried` and `scratch` suffice for each step, so that none allocates.
template <class T>
struct RecurrentState<T>::Memory {
  static constexpr const char* name = "state";

  Memory(const typename Network<T>::State& net, std::size_t sequences)
      : identity(net.identity),
        rows(sequences),
        widest(std::max(net.nodes.widest, rounded<T>(net.nodes.inputs.gathered))),
        carried(sequences * net.nodes.carried),
        scratch(Block<T>::size(net.nodes, widest, sequences, 0)) {}

  std::uint64_t identity;  // of the network
  std::size_t rows, widest;
  Buffer<T> carried, scratch;
  bool continues = false;
};

template <class T>
RecurrentState<T>::RecurrentState(std::unique_ptr<Memory> memory) : memory_(std::move(memory)) {}
template <class T>
RecurrentState<T>::~RecurrentState() = default;
template <class T>
RecurrentState<T>::RecurrentState(RecurrentState&&) noexcept = default;
template <class T>
RecurrentState<T>& RecurrentState<T>::operator=(RecurrentState&&) noexcept = default;
template <class T>
RecurrentState<T>::RecurrentState(const RecurrentState& other)
    : memory_(std::make_unique<Memory>(*other.memory_)) {}
template <class T>
RecurrentState<T>& RecurrentState<T>::operator=(const RecurrentState& other) {
  return *this = RecurrentState(other);
}

template <class T>
std::size_t RecurrentState<T>::rows() const {
  return memory_->rows;
}
template <class T>
void RecurrentState<T>::reset() {
  memory_->continues = false;
}

template <class T>
bool Network<T>::recurrent() const {
  return state_->nodes.over != Over::rows;
}
template <class T>
bool Network<T>::many_to_many() const {
  return state_->nodes.over == Over::steps;
}

template <class T>
RecurrentState<T> Network<T>::new_state(std::size_t rows) const {
  const State& net = *state_;
  if (!recurrent()) throw ValueError("network: expected recurrent layers for a state, got none");
  constexpr std::size_t most = std::size_t{1} << 32;
  if (rows == 0 || rows >= most) {
    throw ValueError("rows: expected 1 to 2^32 - 1, got " + std::to_string(rows));
  }
  const Access::Reading reading(net.access);
  net.check_laid_out();
  return RecurrentState<T>(std::make_unique<typename RecurrentState<T>::Memory>(net, rows));
}

template <class T>
void Network<T>::step(const Samples& x, MatrixView<T> out, RecurrentState<T>& state) const {
  const State& net = *state_;
  auto& memory = *state.memory_;
  if (memory.identity != net.identity) {
    throw ValueError("state: expected one that new_state of this network made, got that of another network");
  }
  check_samples<T>(x, inputs(), net.input_layer);
  if (rows_of(x) != memory.rows) {
    throw ValueError("X: expected shape " + shape_text(memory.rows, inputs()) +
                     ", a row for each sequence of the state, got " + shape_text(rows_of(x), inputs()));
  }
  out = checked_output("out", out, memory.rows, outputs());
  check_apart(std::array{Named{"out", memory_of(out)}}, operands_of("X", x));
  const Access::Reading reading(net.access);
  check_learned(net.input_layer);
  const FloatingPointScope modes;
  const std::uint32_t begins[] = {0, static_cast<std::uint32_t>(memory.rows)};
  const Timeline timeline{begins, 1, memory.rows, 0, memory.continues};
  const Folded<T> folded{net.folded(), net.statistics, net.projection.data()};
  const NodeSamples samples(net.input_layer.map, x);
  const BlockInputs<T> from(net.nodes, folded.parameters,
                            {samples.rows(), net.input_layer.columns(), net.layers}, memory.rows, 1);
  Barrier alone;
  const Block<T> block(net.nodes, memory.widest, memory.rows, 0, memory.scratch.data());
  Flow<T> flow = block.flow(folded, from.columns(), {0, 1}, alone);
  flow.time = {&timeline, memory.carried.data(), memory.rows, true};
  from.gather(0, flow.x, nullptr, {0, memory.rows});
  from.give(0, flow);
  predict_all(net.nodes.list, flow);
  memory.continues = true;
  kernels<T>().outputs(static_cast<int>(net.loss.index()), out.data, static_cast<std::size_t>(out.row_stride),
                       read_only(flow.x), {0, memory.rows});
}

#define FANIN_INSTANTIATE(T)                                                \
  template class RecurrentState<T>;                                         \
  template bool Network<T>::recurrent() const;                              \
  template bool Network<T>::many_to_many() const;                           \
  template RecurrentState<T> Network<T>::new_state(std::size_t rows) const; \
  template void Network<T>::step(const Samples&, MatrixView<T>, RecurrentState<T>&) const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
