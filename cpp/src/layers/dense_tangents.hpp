// The curvature of a dense layer, by the R-operator (Pearlmutter 1994). Along a direction (V, u) of its
// weights and biases, with R for the derivative along it:
//   R z = R x W + x V + u,  R a = f'(z) R z
//   R dx = R dz W' + dz V',  R dW = x' R dz + (R x)' dz,  R db = sum R dz
// and the half h of the second derivative, h_z = h_x W + R x V.
#pragma once

#include <algorithm>
#include <limits>

#include "layers/coded_weights.hpp"
#include "plan/node.hpp"
#include "plan/tangents.hpp"

namespace fanin {

inline constexpr std::size_t kNoBiases = std::numeric_limits<std::size_t>::max();

// Its values and the places of its parameters: in the buffer, and in one vector of all
template <class T>
struct DenseParts {
  Value<T>*in, *out;
  T* dz_transposed;
  std::size_t inputs, weights, biases, first_element;
};

template <class T>
class DenseTangents final : Work<T> {
 public:
  DenseTangents(std::size_t inputs, std::size_t units)
      : flops_(2.0 * static_cast<double>(inputs) * static_cast<double>(units)),
        tangent_{"tangent", this, kTangent, units, kPanel<T>, kRowBlock, 2 * flops_},
        second_tangent_{"second tangent", this, kSecondTangent, units, kPanel<T>, kRowBlock, 2 * flops_},
        input_gradient_{"input tangent", this, kInputGradient, inputs, kRowBlock, kPanel<T>, 2 * flops_},
        weight_gradient_{"weight tangent", this,      kWeightGradient, units,
                         kPanel<T>,        kRowBlock, 2 * flops_,      inputs},
        squares_{"squares", this, kSquares, units, kPanel<T>, kAll, flops_},
        tables_{"tables", this, kTables, units, kPanel<T>, 1, 0},
        coded_gradient_{"code tangents", this, kCodedGradient, units, kPanel<T>, 1, 0} {}

  void bind(const DenseParts<T>& parts, Carver<T>& memory, std::size_t rows, bool bends) {
    parts_ = parts;
    Value<T>& out = *parts.out;
    out.carve_tangents(memory, rows, bends);
    out.rdz = memory.matrix(rows, out.columns);
    const bool transposes = !parts.in->ahead && !few_units<T>(out.columns);
    out.rdz_transposed = transposes ? memory.matrix(out.columns, rows) : nullptr;
    coded_.bind(parts.in->coded, memory, out.columns);
    if (!coded_.exist()) return;
    weight_gradient_.rows = parts.in->columns > 0 ? parts.in->columns : 1;
    tables_.rows = coded_gradient_.rows = coded_.columns();
    coded_gradient_.cost = coded_.flops() * static_cast<double>(out.columns);
  }
  void link() { input_gradient_.follow = parts_.in != nullptr ? parts_.in->after_tangent : nullptr; }

  void tangent(Plan<T>& plan) {
    if (coded_.exist()) plan.phase(tables_);
    plan.phase(tangent_);
  }
  void second_tangent(Plan<T>& plan) { plan.phase(second_tangent_); }
  void tangent_backward(Plan<T>& plan) {
    if (parts_.in->needs_gradient) plan.phase(input_gradient_);
    plan.later(weight_gradient_);
    if (coded_.exist()) plan.later(coded_gradient_);
  }
  void squares(Plan<T>& plan) { plan.phase(squares_); }

  // The row of a sample: x_a dz_b at weight (a, b), then dz
  void jacobian(Batch batch, Range rows, const Panels<T>& to, std::size_t first) const {
    const Panels<T> x = parts_.in->out(batch), dz = parts_.out->panels(parts_.out->dz, batch);
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      const std::size_t row = first + i - rows.begin;
      std::size_t column = parts_.first_element;
      for (std::size_t a = 0; a < parts_.inputs + (has_biases() ? 1 : 0); ++a) {
        const T of_input = a < parts_.inputs ? x.at(i, a / kPanel<T>)[a % kPanel<T>] : T{1};
        for (std::size_t b = 0; b < dz.columns;) {
          const std::size_t place = column % kPanel<T>, unit = b % kPanel<T>;
          const std::size_t count = std::min(kPanel<T> - std::max(place, unit), dz.columns - b);
          T* const out = to.at(row, column / kPanel<T>) + place;
          const T* const of_units = dz.at(i, b / kPanel<T>) + unit;
          for (std::size_t j = 0; j < count; ++j) out[j] = of_input * of_units[j];
          b += count;
          column += count;
        }
      }
    }
  }

 private:
  enum Part { kTangent, kSecondTangent, kInputGradient, kWeightGradient, kSquares, kTables, kCodedGradient };
  static constexpr int kLinear = static_cast<int>(activation<Identity>);

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    switch (part) {
      case kTangent:
        return run_tangent(step, columns, rows);
      case kSecondTangent:
        return run_second_tangent(step, columns, rows);
      case kInputGradient:
        return run_input_gradient(step, columns, rows);
      case kWeightGradient:
        return run_weight_gradient(step, columns, rows);
      case kSquares:
        return run_squares(step, columns);
      case kTables:
        return coded_.prepare(weights_of(step.curved.direction), panels_of<T>(columns), rows);
      default:
        return coded_.gradient(gradient_of(step), step.batch, panels_of<T>(columns), rows);
    }
  }

  bool has_biases() const { return parts_.biases != kNoBiases; }
  Panels<const T> weights_of(const T* parameters) const {
    return {parameters + parts_.weights, parts_.inputs, parts_.out->columns};
  }
  // to = x w, or to += x w
  Forward<T> product(Panels<T> to, Panels<T> x, const T* parameters, bool onto) const {
    Forward<T> f{to, {}, read_only(x), weights_of(parameters), nullptr, kLinear};
    f.onto = onto;
    return f;
  }

  void run_tangent(const StepOf<T>& step, Range columns, Range rows) const {
    const Value<T>&in = *parts_.in, &out = *parts_.out;
    const Batch batch = step.batch;
    const Range panels = panels_of<T>(columns);
    const Panels<T> rz = out.panels(out.rz, batch);
    const T* const v = step.curved.direction;
    if (in.moves)
      kernels<T>().forward(product(rz, in.panels(in.ra, batch), step.parameters, false), panels, rows);
    Forward<T> f = product(rz, in.out(batch), v, in.moves);
    if (has_biases()) f.bias = v + parts_.biases;
    if (coded_.exist()) coded_.add_to(f, batch);
    kernels<T>().forward(f, panels, rows);
    activate_tangent(out, batch, panels, rows);
  }

  void run_second_tangent(const StepOf<T>& step, Range columns, Range rows) const {
    const Value<T>&in = *parts_.in, &out = *parts_.out;
    const Batch batch = step.batch;
    const Range panels = panels_of<T>(columns);
    const Panels<T> half = out.panels(out.rdz, batch);
    if (in.moves) {
      kernels<T>().forward(product(half, in.panels(in.rdz, batch), step.parameters, false), panels, rows);
      kernels<T>().forward(product(half, in.panels(in.ra, batch), step.curved.direction, true), panels, rows);
    } else {
      for (std::size_t p = panels.begin; p < panels.end; ++p) {
        std::fill_n(half.at(rows.begin, p), (rows.end - rows.begin) * half.width(p), T{0});
      }
    }
    if (!out.linear) activate_second_tangent(out, out.rdz, batch, panels, rows);
  }

  void run_input_gradient(const StepOf<T>& step, Range columns, Range rows) const {
    const Value<T>& out = *parts_.out;
    const Batch batch = step.batch;
    const PassedGradient<T> g = tangent_through(*parts_.in, batch, {});
    kernels<T>().input_gradient({g.dz,
                                 g.dz_transposed,
                                 weights_of(step.parameters),
                                 read_only(out.panels(out.rdz, batch)),
                                 read_only(out.transposed(out.rdz_transposed, batch)),
                                 g.z,
                                 g.a,
                                 g.activation,
                                 g.mask,
                                 {},
                                 g.bend,
                                 weights_of(step.curved.direction),
                                 read_only(out.panels(out.dz, batch)),
                                 read_only(out.transposed(parts_.dz_transposed, batch))},
                                panels_of<T>(rows), columns);
  }

  WeightGradient<T> gradient_of(const StepOf<T>& step) const {
    const Value<T>& out = *parts_.out;
    WeightGradient<T> g{step.sink.whole,
                        *step.update,
                        parts_.weights,
                        parts_.biases,
                        read_only(parts_.in->out(step.batch)),
                        read_only(out.panels(out.rdz, step.batch))};
    g.into = step.sink.into;
    g.weight_rows = parts_.inputs;
    return g;
  }

  void run_weight_gradient(const StepOf<T>& step, Range columns, Range rows) const {
    const Value<T>&in = *parts_.in, &out = *parts_.out;
    const Range panels = panels_of<T>(columns);
    WeightGradient<T> g = gradient_of(step);
    if (in.columns > 0) kernels<T>().weight_gradient(g, panels, rows);
    if (rows.begin == 0 && has_biases()) kernels<T>().bias_gradient(g, panels);
    if (!in.moves) return;
    g.x = read_only(in.panels(in.ra, step.batch));
    g.dz = read_only(out.panels(out.dz, step.batch));
    g.into = Into::continued;
    kernels<T>().weight_gradient(g, panels, rows);
  }

  void run_squares(const StepOf<T>& step, Range columns) const {
    const Panels<T> x = parts_.in->out(step.batch), dz = parts_.out->panels(parts_.out->dz, step.batch);
    const Range panels = panels_of<T>(columns);
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      const std::size_t width = dz.width(p);
      const Panels<T> of_weights{step.curved.squares + parts_.weights, parts_.inputs, dz.columns};
      T* const of_biases = has_biases() ? step.curved.squares + parts_.biases + p * kPanel<T> : nullptr;
      for (std::size_t i = 0; i < dz.rows; ++i) {
        T squares[kPanel<T>];
        for (std::size_t j = 0; j < width; ++j) {
          squares[j] = dz.at(i, p)[j] * dz.at(i, p)[j];
          if (of_biases != nullptr) of_biases[j] += squares[j];
        }
        for (std::size_t a = 0; a < parts_.inputs; ++a) {
          const T of_input = x.at(i, a / kPanel<T>)[a % kPanel<T>], factor = of_input * of_input;
          T* const to = of_weights.at(a, p);
          for (std::size_t j = 0; j < width; ++j) to[j] += factor * squares[j];
        }
      }
    }
  }

  const double flops_;
  DenseParts<T> parts_{};
  CodedWeights<T> coded_;  // of the direction
  Job<T> tangent_, second_tangent_, input_gradient_, weight_gradient_, squares_, tables_, coded_gradient_;
};

}  // namespace fanin
