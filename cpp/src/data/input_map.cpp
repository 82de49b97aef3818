#include "data/input_map.hpp"

namespace fanin {

void InputMap::allocate() {
  constexpr std::size_t widest = kPanel<float>;
  const std::size_t gathered = widths().gathered, padded = (gathered + widest - 1) / widest * widest;
  arrays(*this, [&](const char*, std::vector<double>& values, const std::vector<std::uint64_t>& shape) {
    const std::size_t rows = &values == &matrix ? gathered : padded;
    values.assign(rows * (shape.size() > 1 ? shape[1] : 1), 0);
  });
}

ColumnMap InputMap::view() const {
  return {kind,         columns,       centre.data(),     scale.data(),     fill.data(),
          knots.data(), scores.data(), indicators.data(), indicators.size()};
}

template <class Kind>
void InputLayer::read(const Kind& layer) {
  exists = true;
  if constexpr (requires { Kind::codes; }) {
    codes = allows_missing = true;
  } else {
    read_map(layer);
  }
}

template <class Kind>
void InputLayer::read_map(const Kind& layer) {
  allows_missing = layer.missing != Missing::error;
  indicates = allows_missing && layer.indicators;
  kind = std::is_same_v<Kind, RobustScale>     ? ColumnMap::Kind::squashed
         : std::is_same_v<Kind, QuantileLayer> ? ColumnMap::Kind::quantiles
                                               : ColumnMap::Kind::scaled;
  if constexpr (std::is_same_v<Kind, Whiten>) {
    projects = true;
    turns = !layer.zca;
    if (layer.zca) return;
    share = (layer.components > 0 && layer.components < 1) || layer.threshold > 0;
    components = layer.components >= 1 ? static_cast<std::size_t>(layer.components) : 0;
  }
}

InputLayer::InputLayer(const std::vector<Layer>& layers) {
  if (layers.empty()) return;
  std::visit(
      [&]<class Kind>(const Kind& layer) {
        if constexpr (requires { Kind::of_inputs; }) read(layer);
        if constexpr (requires { Kind::of_ids; }) ids.emplace(layer);
      },
      layers[0].kind);
}

InputWidths InputLayer::widths(std::size_t columns) const {
  if (exists && learned()) return map.widths();
  return {columns, components > 0 ? components : columns};
}

}  // namespace fanin
