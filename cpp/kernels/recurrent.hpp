// The steps of recurrent layers: each thread takes its sequences through all of them, so that no barrier
// stands between two steps, and the recurrent weights stay in its L2.
#pragma once

#include "dense.hpp"
#include "math.hpp"
#include "recurrence.hpp"
#include "transpose.hpp"

namespace fanin::FANIN_ISA {
namespace {

// to = from', some panels of `to`
template <class T>
void turn(const Panels<const T>& from, const Panels<T>& to, Range panels) {
  constexpr std::size_t P = kPanel<T>;
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    for (std::size_t q = 0; q < from.count(); ++q) {
      transpose(to.at(q * P, p), to.width(p), from.used(q), from.at(p * P, q), from.width(q), to.used(p),
                to.width(p));
    }
  }
}

// z += left right, from row `row` of z and `first` of left on, for at most 64 rows
template <class T>
void add_product(const Panels<T>& z, std::size_t row, const Panels<const T>& left, std::size_t first,
                 std::size_t rows, const Panels<const T>& right) {
  for_each_chunk(right.rows, kDepth<T>, [&](Range chunk) {
    product_of_panels(AcrossPanels<T>{left, first}, rows, chunk, right, z, {0, z.count()}, row, true);
  });
}

// The same for matrices that follow each other. If their panels are whole, they are one matrix, and tiles of
// few rows may be as wide as several of them.
template <class T>
void add_products(const Recurrence<T>& r, std::size_t row, std::size_t rows) {
  const std::size_t count = r.recurrent_gates(), panels = r.gates.count();
  const Panels<const T> before = read_only(r.before);
  if (r.gates.width(panels - 1) == kPanel<T>) {
    const std::size_t columns = count * panels * kPanel<T>;
    return add_product({r.recurrent_gate(0).data, r.gates.rows, columns}, row, before, row, rows,
                       {r.weights.data, r.weights.rows, columns});
  }
  for (std::size_t k = 0; k < count; ++k) {
    add_product(r.recurrent_gate(k), row, before, row, rows,
                {r.weights.data + k * r.weights.size(), r.weights.rows, r.weights.columns});
  }
}

// Some rows of a panel of the gates, as runs of adjacent values
template <class T>
struct Gates {
  T* run[4];

  FANIN_INLINE Vec<T> load(int k, std::size_t i) const { return Vec<T>::load(run[k] + i); }
  FANIN_INLINE void store(int k, std::size_t i, Vec<T> v) const { flush(v).store(run[k] + i); }
};

template <class T>
FANIN_INLINE Gates<T> gates_at(const Recurrence<T>& r, std::size_t row, std::size_t p) {
  Gates<T> gates;
  const std::size_t count = r.cell == Cell::plain ? 1 : 4;
  for (std::size_t k = 0; k < count; ++k) gates.run[k] = r.gate(k).at(row, p);
  return gates;
}

// c from i, f, g and c'
template <class T>
FANIN_INLINE Vec<T> memory_of(Vec<T> i, Vec<T> f, Vec<T> g, Vec<T> before) {
  return flush(fma(f, before, i * g));
}

template <class T>
void lstm_run(const Gates<T>& gates, const T* memory, T* h, T* c, std::size_t n) {
  for (std::size_t j = 0; j < n; j += Vec<T>::width) {
    const Vec<T> i = flush(logistic(gates.load(0, j))), f = flush(logistic(gates.load(1, j))),
                 g = flush(tanh(gates.load(2, j))), o = flush(logistic(gates.load(3, j)));
    gates.store(0, j, i);
    gates.store(1, j, f);
    gates.store(2, j, g);
    gates.store(3, j, o);
    const Vec<T> now = memory_of(i, f, g, Vec<T>::load(memory + j));
    now.store(c + j);
    flush(o * tanh(now)).store(h + j);
  }
}

template <class T>
void gru_run(const Gates<T>& gates, const T* before, T* h, std::size_t n) {
  for (std::size_t j = 0; j < n; j += Vec<T>::width) {
    const Vec<T> r = flush(logistic(gates.load(1, j))), u = flush(logistic(gates.load(2, j)));
    const Vec<T> candidate = flush(tanh(fma(r, gates.load(3, j), gates.load(0, j))));
    gates.store(0, j, candidate);
    gates.store(1, j, r);
    gates.store(2, j, u);
    flush(fma(u, Vec<T>::load(before + j) - candidate, candidate)).store(h + j);
  }
}

// dh becomes what h' gets without a product, dc that of c'.
template <class T>
void lstm_gradient_run(const Gates<T>& gates, const T* memory, T* dh, T* dc, std::size_t n) {
  const Vec<T> one(1.0);
  for (std::size_t j = 0; j < n; j += Vec<T>::width) {
    const Vec<T> i = gates.load(0, j), f = gates.load(1, j), g = gates.load(2, j), o = gates.load(3, j);
    const Vec<T> before = Vec<T>::load(memory + j), bent = tanh(memory_of(i, f, g, before));
    const Vec<T> d = Vec<T>::load(dh + j);
    const Vec<T> dm = fma(d * o, fma(-bent, bent, one), Vec<T>::load(dc + j));
    gates.store(0, j, dm * g * (i * (one - i)));
    gates.store(1, j, dm * before * (f * (one - f)));
    gates.store(2, j, dm * i * fma(-g, g, one));
    gates.store(3, j, d * bent * (o * (one - o)));
    flush(dm * f).store(dc + j);
    Vec<T>(0.0).store(dh + j);
  }
}

template <class T>
void gru_gradient_run(const Gates<T>& gates, const T* before, T* dh, std::size_t n) {
  const Vec<T> one(1.0);
  for (std::size_t j = 0; j < n; j += Vec<T>::width) {
    const Vec<T> candidate = gates.load(0, j), r = gates.load(1, j), u = gates.load(2, j);
    const Vec<T> d = Vec<T>::load(dh + j);
    const Vec<T> dz = d * (one - u) * fma(-candidate, candidate, one);
    gates.store(0, j, dz);
    gates.store(1, j, dz * gates.load(3, j) * (r * (one - r)));
    gates.store(2, j, d * (Vec<T>::load(before + j) - candidate) * (u * (one - u)));
    gates.store(3, j, dz * r);
    flush(d * u).store(dh + j);
  }
}

template <class T>
void plain_gradient_run(const Recurrence<T>& r, const Gates<T>& gates, const T* input, T* dh, std::size_t n) {
  differentiate(r.activation, dh, dh, input, static_cast<const T*>(gates.run[0]), n);
  __builtin_memcpy(gates.run[0], dh, n * sizeof(T));
  __builtin_memset(dh, 0, n * sizeof(T));
}

// Rows of one panel
template <class T>
FANIN_INLINE void copy_panel_rows(const Panels<T>& to, std::size_t row, std::size_t p, const T* from,
                                  std::size_t rows) {
  if (to.data != nullptr) __builtin_memcpy(to.at(row, p), from, rows * to.width(p) * sizeof(T));
}

// h' and c' at the first step
template <class T>
void begin_sequences(const Panels<T>& before, const Panels<T>& carried, bool continues, Range sequences) {
  const std::size_t rows = sequences.end - sequences.begin;
  for (std::size_t p = 0; before.data != nullptr && p < before.count(); ++p) {
    T* const to = before.at(sequences.begin, p);
    if (continues) {
      __builtin_memcpy(to, carried.at(sequences.begin, p), rows * before.width(p) * sizeof(T));
    } else {
      __builtin_memset(to, 0, rows * before.width(p) * sizeof(T));
    }
  }
}

// How many of these sequences have a step t
template <class T>
FANIN_INLINE std::size_t alive(const Recurrence<T>& r, std::size_t t, Range sequences) {
  if (t >= r.length) return 0;
  const std::size_t all = r.begins[t + 1] - r.begins[t];
  const std::size_t end = all < sequences.end ? all : sequences.end;
  return end > sequences.begin ? end - sequences.begin : 0;
}

// Step t of the first `rows` of these sequences, of which `next` have another
template <class T>
void recur_step(const Recurrence<T>& r, std::size_t t, std::size_t first, std::size_t rows,
                std::size_t next) {
  alignas(64) T h[kRowBlock * kPanel<T>], c[kRowBlock * kPanel<T>];
  const std::size_t row = r.begins[t] + first, next_row = r.begins[t + 1] + first;
  for (std::size_t p = 0; r.cell == Cell::gru && p < r.gates.count(); ++p) {
    for (std::size_t i = 0; i < rows; ++i) copy_panel_rows(r.gate(3), row + i, p, r.bias + p * kPanel<T>, 1);
  }
  add_products(r, row, rows);
  for (std::size_t p = 0; p < r.gates.count(); ++p) {
    const std::size_t width = r.gates.width(p), n = rows * width;
    const Gates<T> gates = gates_at(r, row, p);
    T* const memory = r.memory.data != nullptr ? r.memory.at(row, p) : nullptr;
    if (r.cell == Cell::lstm) {
      lstm_run(gates, static_cast<const T*>(memory), h, c, n);
    } else if (r.cell == Cell::gru) {
      gru_run(gates, static_cast<const T*>(r.before.at(row, p)), h, n);
    } else {
      find_activate<T>(Activations{}, r.activation)(gates.run[0], memory, nullptr, rows, width,
                                                    r.gates.used(p));
      __builtin_memcpy(h, gates.run[0], n * sizeof(T));
    }
    const auto keep = [&](const Panels<T>& before, const Panels<T>& carried, const T* values) {
      if (next > 0) copy_panel_rows(before, next_row, p, values, next);
      if (next < rows) copy_panel_rows(carried, first + next, p, values + next * width, rows - next);
    };
    keep(r.before, r.h, h);
    if (r.cell == Cell::lstm) keep(r.memory, r.c, c);
    if (!r.last) copy_panel_rows(r.out, row, p, h, rows);
    if (r.last && next < rows) copy_panel_rows(r.out, first + next, p, h + next * width, rows - next);
  }
}

// All steps of some sequences, at most 64 at a time
template <class T>
void recur(const Recurrence<T>& r, Range sequences) {
  for_each_group(sequences, kRowBlock, [&](std::size_t begin, std::size_t end) {
    const Range some{begin, begin + alive(r, 0, {begin, end})};
    if (some.begin == some.end) return;
    begin_sequences(r.before, r.h, r.continues, some);
    if (r.cell == Cell::lstm) begin_sequences(r.memory, r.c, r.continues, some);
    for (std::size_t t = 0, rows = alive(r, 0, some); rows > 0; ++t) {
      const std::size_t next = alive(r, t + 1, some);
      recur_step(r, t, begin, rows, next);
      rows = next;
    }
  });
}

template <class T>
void recur_backward_step(const RecurrenceGradient<T>& g, std::size_t t, std::size_t first, std::size_t rows) {
  const Recurrence<T>& r = g.of;
  const std::size_t row = r.begins[t] + first;
  for (std::size_t p = 0; p < r.gates.count(); ++p) {
    const std::size_t n = rows * r.gates.width(p);
    const Gates<T> gates = gates_at(r, row, p);
    T* const dh = g.dh.at(first, p);
    const T* const memory = r.memory.data != nullptr ? r.memory.at(row, p) : nullptr;
    if (!r.last) {
      const T* const d_out = g.d_out.at(row, p);
      for (std::size_t j = 0; j < n; j += Vec<T>::width) {
        (Vec<T>::load(dh + j) + Vec<T>::load(d_out + j)).store(dh + j);
      }
    }
    if (r.cell == Cell::lstm) {
      lstm_gradient_run(gates, memory, dh, g.dc.at(first, p), n);
    } else if (r.cell == Cell::gru) {
      gru_gradient_run(gates, static_cast<const T*>(r.before.at(row, p)), dh, n);
    } else {
      plain_gradient_run(r, gates, memory, dh, n);
    }
  }
  for (std::size_t k = 0; t > 0 && k < r.recurrent_gates(); ++k) {
    add_product(g.dh, first, read_only(r.recurrent_gate(k)), row, rows,
                {g.turned.data + k * g.turned.size(), g.turned.rows, g.turned.columns});
  }
}

template <class T>
void recur_backward(const RecurrenceGradient<T>& g, Range sequences) {
  const Recurrence<T>& r = g.of;
  for_each_group(sequences, kRowBlock, [&](std::size_t begin, std::size_t end) {
    const Range some{begin, begin + alive(r, 0, {begin, end})};
    const std::size_t count = some.end - some.begin;
    for (std::size_t p = 0; p < g.dh.count(); ++p) {
      const std::size_t bytes = count * g.dh.width(p) * sizeof(T);
      if (r.last) {
        __builtin_memcpy(g.dh.at(begin, p), g.d_out.at(begin, p), bytes);
      } else {
        __builtin_memset(g.dh.at(begin, p), 0, bytes);
      }
      if (g.dc.data != nullptr) __builtin_memset(g.dc.at(begin, p), 0, bytes);
    }
    for (std::size_t t = r.length; t-- > 0;) {
      const std::size_t rows = alive(r, t, some);
      if (rows > 0) recur_backward_step(g, t, begin, rows);
    }
  });
}

}  // namespace
}  // namespace fanin::FANIN_ISA
