#include "plan/nodes.hpp"

#include <algorithm>

#include "base/field_check.hpp"
#include "fanin/error.hpp"
#include "plan/normalizer.hpp"

namespace fanin {

template <class T>
NodeList<T> make_nodes(const std::vector<Layer>& layers, Declarations<T>& d) {
  if (layers.empty()) throw ValueError(d.text + "layers: expected at least one layer, got none");
  const std::string name = d.name.empty() ? "" : d.name + ".", text = d.text;
  NodeList<T> nodes;
  const auto append = [&](std::unique_ptr<Node<T>> node) {
    nodes.push_back(std::move(node));
    d.columns = nodes.back()->out.columns;
    d.widest = std::max(d.widest, rounded<T>(d.columns));
  };
  d.before = nullptr;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (d.depth == 0) d.layer = i;
    d.number = d.depth == 0 ? i : d.next_inside++;
    d.name = name + "layer" + std::to_string(i + 1);
    d.text = text + layer_text(i);
    auto node = std::visit(
        [&]<class Kind>(const Kind& kind) -> std::unique_ptr<Node<T>> {
          Kind::fields(kind, FieldCheck{d.text});
          if constexpr (requires { Kind::of_inputs; } || requires { Kind::of_ids; }) {
            if (d.depth > 0 || i > 0) {
              throw ValueError(d.text + "an input layer (" + Kind::name + ") must come first");
            }
          }
          if constexpr (requires { Kind::of_inputs; }) {
            if constexpr (requires { Kind::projects; }) return NodeOf<Kind>::template make<T>(kind, d);
            return nullptr;  // it acts while rows are gathered
          } else {
            return NodeOf<Kind>::template make<T>(kind, d);
          }
        },
        layers[i].kind);
    if (node == nullptr) continue;
    append(std::move(node));
    const auto* const dense = std::get_if<Dense>(&layers[i].kind);
    if (dense != nullptr && dense->batch_norm && d.frozen != nullptr) {
      append(NodeOf<BatchNorm>::template make<T>(*dense->batch_norm, d));
      append(NodeOf<ActivationLayer>::template make<T>({dense->activation}, d));
    }
    d.before = &layers[i];
  }
  return nodes;
}

template <class T>
Nodes<T>::Nodes(InputWidths widths, const std::vector<Layer>& layers, const RunningStatistics<T>* frozen,
                bool synchronizes)
    : inputs(widths), synchronized(synchronizes) {
  if (inputs.gathered == 0) throw ValueError("n_inputs: expected at least 1, got 0");
  Declarations<T> declarations{table, normalizers, inputs.gathered, 0, layers.size()};
  declarations.projected = inputs.outputs;
  declarations.frozen = frozen;
  declarations.synchronized = synchronizes;
  list = make_nodes(layers, declarations);
  const bool recurs =
      std::visit([]<class Kind>(const Kind&) { return requires { Kind::recurs; }; }, layers.back().kind);
  if (declarations.normalized || recurs || std::holds_alternative<Dropout>(layers.back().kind)) {
    throw ValueError(declarations.text +
                     "the last layer gives the outputs; expected a Dense, an Activation or a Residual");
  }
  if (declarations.dense == 0) throw ValueError("layers: expected at least one Dense, got none");
  over = !declarations.recurs ? Over::rows : declarations.of_sequences ? Over::sequences : Over::steps;
  for (const Normalizer<T>* of : normalizers) {
    if (over == Over::rows || !of->norm.exact_statistics) continue;
    throw ValueError("layers: exact statistics of batch norm are not for networks with recurrent layers");
  }
  table.size = row_length<T>(table.size);
  stages = declarations.stages;
  depth = declarations.deepest;
  widest = declarations.widest;
  carried = declarations.carried;
  turned = declarations.turned;
  for (std::size_t* const offset : declarations.turned_offsets) *offset += table.size;
}

template struct Nodes<float>;
template struct Nodes<double>;
template NodeList<float> make_nodes(const std::vector<Layer>&, Declarations<float>&);
template NodeList<double> make_nodes(const std::vector<Layer>&, Declarations<double>&);

}  // namespace fanin
