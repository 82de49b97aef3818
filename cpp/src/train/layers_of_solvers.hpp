// Layers that change the function of the weights from one evaluation to the next, or have no second
// derivatives.
#pragma once

#include <algorithm>
#include <string>

#include "fanin/error.hpp"
#include "fanin/network.hpp"

namespace fanin {

inline bool has_dropout(const std::vector<Layer>& layers) {
  return std::ranges::any_of(layers, [](const Layer& layer) {
    const auto* const residual = std::get_if<Residual>(&layer.kind);
    return std::holds_alternative<Dropout>(layer.kind) ||
           (residual != nullptr && has_dropout(residual->layers));
  });
}

// Throws ValueError for dropout and batch norm, with the reason
inline void check_fixed(const std::vector<Layer>& layers, bool has_batch_norm, const char* reason) {
  const char* const found = has_batch_norm ? "batch norm" : has_dropout(layers) ? "dropout" : nullptr;
  if (found == nullptr) return;
  throw ValueError(std::string("network: expected no ") + found + ", because " + reason);
}

// Throws ValueError for an embedding, whose inputs are places, not values; and for weights in two products
inline void check_curved(const std::vector<Layer>& layers, const std::string& what) {
  for (const Layer& layer : layers) {
    const bool embeds = std::holds_alternative<Embedding>(layer.kind);
    if (!embeds && !std::holds_alternative<Tied>(layer.kind)) continue;
    throw ValueError("network: expected no " + std::string(embeds ? "Embedding " : "Tied ") + what);
  }
}

}  // namespace fanin
