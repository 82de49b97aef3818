// What the kernels of recurrent layers take.
#pragma once

#include "panels.hpp"

namespace fanin {

// h' is h of the step before, c' its c, * is elementwise:
//   plain  h = f(z + h' R)
//   lstm   i, f, o = logistic(z + h' R), g = tanh(z + h' R), c = f * c' + i * g, h = o * tanh(c)
//   gru    r, u = logistic(z + h' R), q = h' R + b, n = tanh(z + r * q), h = (1 - u) * n + u * h'
// with a z and an R for each gate.
enum class Cell : int { plain, lstm, gru };

// All steps of some sequences, time-major: step t has the rows from begins[t] to begins[t + 1] - 1, one for
// each sequence that has not ended, the longest first. So row begins[t] + i is one of sequence i.
//
// Gates are matrices (rows, units), one after the other: i, f, g, o, or n, r, u, q, or z alone. They hold the
// z, and then the gates; q holds nothing before.
template <class T>
struct Recurrence {
  Cell cell;
  int activation;  // of a plain cell
  const std::uint32_t* begins;
  std::size_t length;  // steps
  Panels<T> gates;     // the first
  Panels<T> before = {},
            memory = {};         // h' of each row, and c'; a plain cell keeps its input if f' needs that
  Panels<T> out = {};            // h of each row, or of each sequence's last one; may be null
  bool last = false;             // which of these
  Panels<T> h = {}, c = {};      // of each sequence, carried from one call to the next; may be null
  bool continues = false;        // else h' and c' are 0 at first
  Panels<const T> weights = {};  // R of the first gate that has one; those of the others follow
  const T* bias = nullptr;       // b of q

  __attribute__((always_inline)) std::size_t recurrent_gates() const {
    return cell == Cell::plain ? 1 : cell == Cell::lstm ? 4 : 3;
  }
  // The gate, counted from the first
  __attribute__((always_inline)) Panels<T> gate(std::size_t k) const {
    return {gates.data + k * gates.size(), gates.rows, gates.columns};
  }
  __attribute__((always_inline)) Panels<T> recurrent_gate(std::size_t k) const {
    return gate(cell == Cell::gru ? k + 1 : k);
  }
};

// Gates become gradients with respect to what they are functions of, given those of h. dh and dc are scratch,
// a row for each sequence.
template <class T>
struct RecurrenceGradient {
  Recurrence<T> of;
  Panels<const T> d_out;  // as `out`
  Panels<T> dh, dc;
  Panels<const T> turned;  // R', as `weights`
};

}  // namespace fanin
