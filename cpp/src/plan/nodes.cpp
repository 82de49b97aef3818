#include "plan/nodes.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace fanin {

template <class T>
NodeList<T> make_nodes(const std::vector<Layer>& layers, Declarations<T>& d) {
  const std::string name = d.name.empty() ? "" : d.name + ".", text = d.text;
  NodeList<T> nodes;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (d.depth == 0) d.layer = i;
    d.number = d.depth == 0 ? i : d.next_inside++;
    d.name = name + "layer" + std::to_string(i + 1);
    d.text = text + layer_text(i);
    nodes.push_back(
        std::visit([&]<class Kind>(const Kind& kind) { return NodeOf<Kind>::template make<T>(kind, d); },
                   layers[i].kind));
    d.columns = nodes.back()->out.columns;
    d.widest = std::max(d.widest, rounded<T>(d.columns));
  }
  return nodes;
}

template NodeList<float> make_nodes(const std::vector<Layer>&, Declarations<float>&);
template NodeList<double> make_nodes(const std::vector<Layer>&, Declarations<double>&);

}  // namespace fanin
