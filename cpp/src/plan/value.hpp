// What lies between two nodes, and the memory it lies in.
#pragma once

#include "kernels/table.hpp"

namespace fanin {

template <class T>
struct Job;

// The rows of one step, or a block of them: `rows` positions of the order from `first` on. What is gathered
// has two memories in turn, so that the next rows are gathered while these are in use.
struct Batch {
  std::size_t number, first, rows;
  std::size_t row = 0;  // of the batch, where a block begins
  bool odd = false;     // which memory
};

// Hands out parts of one buffer, or, without one, adds up what they need.
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

// The panels that some columns lie in
template <class T>
Range panels_of(Range columns) {
  return {columns.begin / kPanel<T>, (columns.end + kPanel<T> - 1) / kPanel<T>};
}

// The length of a row of panels with so many columns, padding included
template <class T>
std::size_t rounded(std::size_t columns) {
  return Panels<T>{nullptr, 1, columns}.size();
}

// What a node gives, and what comes back to it. A gradient is taken with respect to z, where the value is
// f(z), or what a dropout has kept of that.
template <class T>
struct Value {
  std::size_t columns = 0;
  T* even = nullptr;  // the value, in one memory and in the other
  T* odd = nullptr;
  int activation = 0;  // f
  T* z = nullptr;      // where the derivative needs it
  T* a = nullptr;      // f(z)
  DropoutMask<T> mask{nullptr, T{1}};
  // The gradient, and its transpose where the node reads that
  T* dz = nullptr;
  T* dz_transposed = nullptr;
  bool linear = true;     // a gradient goes through nothing on its way
  bool ahead = false;     // made while the step before runs: it has no gradient
  bool gathered = false;  // the network's inputs themselves

  Job<T>* made_by = nullptr;               // the last of the jobs that make it
  bool wants_gradient = false;             // something that it depends on is trained
  const Job<T>* after_gradient = nullptr;  // follows the job that writes dz

  Panels<T> out(Batch batch) const { return panels(batch.odd ? odd : even, batch); }
  Panels<T> panels(T* data, Batch batch) const { return {data, batch.rows, columns}; }
  Panels<T> transposed(T* data, Batch batch) const { return {data, columns, batch.rows}; }

  // Memory for a value like another, which is made when that is
  void carve(Carver<T>& memory, std::size_t rows, const Value& in) {
    columns = in.columns;
    ahead = in.ahead;
    even = odd = a = memory.matrix(rows, columns);
    if (ahead) odd = memory.matrix(rows, columns);
  }
  // The gradient goes the same way as that of another value of the same size.
  void share_gradient(const Value& other) {
    dz = other.dz;
    dz_transposed = other.dz_transposed;
  }
};

// What a loss or a product writes of the gradient of a value
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
