// The values between nodes, and their memory.
#pragma once

#include "kernels/table.hpp"

namespace fanin {

template <class T>
struct Job;
template <class T>
class CodedInput;

// The rows of one step, or a block of them: `rows` positions of the order, starting at `first`. Gathered
// values alternate between two memories, so that the next rows can be gathered while these are in use.
struct Batch {
  std::size_t number, first, rows;
  std::size_t row = 0;  // the row of the batch at which a block begins
  bool odd = false;     // which of the two memories
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
  bool linear = true;                    // the gradient passes through unchanged
  bool ahead = false;                    // computed during the previous step; has no gradient
  bool gathered = false;                 // these are the network's inputs
  const CodedInput<T>* coded = nullptr;  // columns of the samples that follow these, in coded form

  Job<T>* made_by = nullptr;               // the last of the jobs that compute it
  bool needs_gradient = false;             // it depends on trained parameters
  const Job<T>* after_gradient = nullptr;  // follows the job that writes dz

  Panels<T> out(Batch batch) const { return panels(batch.odd ? odd : even, batch); }
  Panels<T> panels(T* data, Batch batch) const { return {data, batch.rows, columns}; }
  Panels<T> transposed(T* data, Batch batch) const { return {data, columns, batch.rows}; }

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
          value.mask};
}

}  // namespace fanin
