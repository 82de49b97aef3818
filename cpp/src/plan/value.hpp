// The values between nodes, and their memory.
#pragma once

#include "data/sequence_order.hpp"
#include "kernels/table.hpp"

namespace fanin {

template <class T>
struct Job;
template <class T>
class CodedInput;
template <class T>
class SparseInput;

// The rows of one step, or a block of them: `rows` positions of the order, starting at `first`. Gathered
// values alternate between two memories, so that the next rows can be gathered while these are in use. Of
// sequences, rows are steps of theirs, as `time` says.
struct Batch {
  std::size_t number, first, rows;
  std::size_t row = 0;  // the row of the batch at which a block begins
  bool odd = false;     // which of the two memories
  const Timeline* time = nullptr;

  // The same sequences, as rows of the order of sequences
  Batch of_sequences() const { return {number, time->first, time->sequences, row, odd, time}; }
};

// How many rows memory is for at most, and how many sequences
struct Extent {
  std::size_t rows, sequences;
};

// Hands out parts of a buffer or, without one, adds up their sizes.
template <class T>
class Carver {
 public:
  explicit Carver(T* base) : base_(base) {}
  T* take(std::size_t size) {
    T* part = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (size + 15) / 16 * 16;
    return part;
  }
  T* matrix(std::size_t rows, std::size_t columns) { return take(Panels<T>{nullptr, rows, columns}.size()); }
  std::size_t used() const { return used_; }

 private:
  T* base_;
  std::size_t used_ = 0;
};

// The panels that contain these columns
template <class T>
Range panels_of(Range columns) {
  return {columns.begin / kPanel<T>, (columns.end + kPanel<T> - 1) / kPanel<T>};
}

// The length of a row of this many columns in panels, including padding
template <class T>
std::size_t rounded(std::size_t columns) {
  return Panels<T>{nullptr, 1, columns}.size();
}

// A node's output and its gradient. The value is f(z), possibly after a dropout; the gradient is with respect
// to z.
template <class T>
struct Value {
  std::size_t columns = 0;
  T* even = nullptr;  // the value, in each of the two memories
  T* odd = nullptr;
  int activation = 0;  // f
  T* z = nullptr;      // if the derivative needs it
  T* a = nullptr;      // f(z)
  DropoutMask<T> mask{nullptr, T{1}};
  // The gradient, and its transpose if the node needs it
  T* dz = nullptr;
  T* dz_transposed = nullptr;
  // Along a direction of the parameters (plan/step_curvature.cpp), if the value depends on any: the tangents
  // of z, of the value, and of dz, and its transpose; dE/da, if f bends
  bool moves = false;
  T *rz = nullptr, *ra = nullptr, *rdz = nullptr, *rdz_transposed = nullptr, *da = nullptr;
  bool linear = true;                      // the gradient passes through unchanged
  bool ahead = false;                      // computed during the previous step; has no gradient
  bool of_sequences = false;               // a row for each sequence, not for each of its steps
  bool gathered = false;                   // these are the network's inputs
  const CodedInput<T>* coded = nullptr;    // columns of the samples that follow these, in coded form
  const SparseInput<T>* sparse = nullptr;  // all columns, as rows of the next layer's weights

  Job<T>* made_by = nullptr;               // the last of the jobs that compute it
  bool needs_gradient = false;             // it depends on trained parameters
  const Job<T>* after_gradient = nullptr;  // follows the job that writes dz
  const Job<T>* after_tangent = nullptr;   // follows the job that writes rdz

  Panels<T> out(Batch batch) const { return panels(batch.odd ? odd : even, batch); }
  Panels<T> panels(T* data, Batch batch) const { return {data, batch.rows, columns}; }
  Panels<T> transposed(T* data, Batch batch) const { return {data, columns, batch.rows}; }

  // The batch as this value has it
  Batch own(const Batch& batch) const { return of_sequences ? batch.of_sequences() : batch; }

  // Takes memory for a value of the same size as `in`, computed at the same time
  void carve(Carver<T>& memory, std::size_t rows, const Value& in) {
    columns = in.columns;
    ahead = in.ahead;
    even = odd = a = memory.matrix(rows, columns);
    if (ahead) odd = memory.matrix(rows, columns);
  }
  // Shares the memory for the gradient of another value of the same size
  void share_gradient(const Value& other) {
    dz = other.dz;
    dz_transposed = other.dz_transposed;
  }
  // Takes memory for the tangents of z and of the value, and for dE/da
  void carve_tangents(Carver<T>& memory, std::size_t rows, bool bends) {
    moves = true;
    rz = memory.matrix(rows, columns);
    ra = linear ? rz : memory.matrix(rows, columns);
    da = bends ? memory.matrix(rows, columns) : nullptr;
  }
};

// The part of a value's gradient that a loss or a product writes
template <class T>
PassedGradient<T> gradient_through(const Value<T>& value, Batch batch, Panels<const T> dy) {
  return {value.panels(value.dz, batch),
          value.transposed(value.dz_transposed, batch),
          dy,
          read_only(value.panels(value.z, batch)),
          read_only(value.panels(value.a, batch)),
          value.activation,
          value.mask,
          value.panels(value.da, batch)};
}

// What bends its tangent
template <class T>
Bend<T> bend_of(const Value<T>& value, Batch batch) {
  if (value.da == nullptr) return {};
  return {read_only(value.panels(value.rz, batch)), read_only(value.panels(value.da, batch))};
}

// The part of the gradient's tangent that the tangent of a loss or of a product writes
template <class T>
PassedGradient<T> tangent_through(const Value<T>& value, Batch batch, Panels<const T> rdy) {
  PassedGradient<T> g = gradient_through(value, batch, rdy);
  g.dz = value.panels(value.rdz, batch);
  g.dz_transposed = value.transposed(value.rdz_transposed, batch);
  g.kept = {};
  g.bend = bend_of(value, batch);
  return g;
}

}  // namespace fanin
