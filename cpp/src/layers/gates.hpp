// The gates of a recurrent layer: their arrays, and the products with these.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/registry.hpp"
#include "layers/initial_values.hpp"
#include "layers/traits.hpp"
#include "plan/node.hpp"

namespace fanin {

// What the kinds of recurrent layers have in common. Gates are in the order of the arrays W and b, and in
// that of the arrays R.
struct RecurrentKind {
  Cell cell;
  int activation;
  std::size_t units;
  bool all;  // steps, not the last one alone
  Initializer weights, recurrent, biases;
  std::vector<const char*> gates, recurrent_gates;
  double forget_bias = 0;
};

// The gates' values are matrices (rows, units), one after the other; those with R follow `own` without.
template <class T>
class Gates {
 public:
  Gates(const RecurrentKind& kind, Declarations<T>& d)
      : kind_(kind), inputs_(d.columns), text_(d.text), stream_(d.dense) {
    const std::size_t units = kind.units;
    for (const char* gate : kind.gates) weights_.push_back(d.add(Role::weight, inputs_, units, gate));
    for (const char* gate : kind.recurrent_gates) {
      recurrent_.push_back(d.add(Role::recurrent, units, units, gate));
    }
    for (const char* gate : kind.gates) biases_.push_back(d.add(Role::bias, 1, units, gate));
    if (own() > 0) biases_.push_back(d.add(Role::recurrent_bias, 1, units, kind.gates[0]));
    d.count_weights(static_cast<double>(count() * (inputs_ + units + 1)), units);
    check_weights(kind.weights, inputs_, units, d.text + "initializer: ");
    check_weights(kind.recurrent, units, units, d.text + "recurrent_initializer: ");
    check_biases(kind.biases, units, d.text + "bias_initializer: ");
    d.dense += 2 * count();
  }

  std::size_t count() const { return kind_.gates.size(); }
  // Matrices without R: that of a GRU's candidate, whose product with R is another matrix
  std::size_t own() const { return kind_.cell == Cell::gru ? 1 : 0; }
  std::size_t matrices() const { return count() + own(); }
  std::size_t size(std::size_t rows) const { return Panels<T>{nullptr, rows, kind_.units}.size(); }
  std::size_t panels() const { return count() * of_gate().count(); }
  // Of a product with R, or with W, for a row
  double flops(std::size_t inputs) const { return 2.0 * static_cast<double>(count() * inputs * kind_.units); }
  std::size_t turned_size(std::size_t columns) const {
    return Panels<T>{nullptr, kind_.units, columns}.size();
  }
  Panels<const T> recurrent(const T* parameters) const {
    return {parameters + recurrent_[0], kind_.units, kind_.units};
  }
  const T* recurrent_bias(const T* parameters) const { return parameters + biases_.back(); }

  // z = x W + b, for panels of all gates
  void multiply(T* z, Panels<T> x, const T* parameters, Range panels, Range rows) const {
    for_each(panels, [&](std::size_t k, Range of_gate) {
      kernels<T>().forward({{z + k * size(x.rows), x.rows, kind_.units},
                            {},
                            read_only(x),
                            {parameters + weights_[k], inputs_, kind_.units},
                            parameters + biases_[k],
                            kLinear},
                           of_gate, rows);
    });
  }
  // The transposes of R, and of W unless `of_w` is null, by panels of their rows
  void turn(const T* parameters, T* of_r, T* of_w, Range panels) const {
    const auto turn_one = [&](Panels<const T> from, T* to) {
      const Panels<T> turned{to, from.columns, from.rows};
      kernels<T>().turn(from, turned,
                        {std::min(panels.begin, turned.count()), std::min(panels.end, turned.count())});
    };
    const std::size_t units = kind_.units;
    for (std::size_t k = 0; k < count(); ++k) {
      turn_one({parameters + recurrent_[k], units, units}, of_r + k * turned_size(units));
      if (of_w == nullptr) continue;
      turn_one({parameters + weights_[k], inputs_, units}, of_w + k * turned_size(inputs_));
    }
  }
  // dx = dz W'
  void input_gradient(Panels<T> dx, const T* dz, const T* turned, Range panels, Range rows) const {
    for (std::size_t k = 0; k < count(); ++k) {
      Forward<T> f{dx,
                   {},
                   {dz + k * size(dx.rows), dx.rows, kind_.units},
                   {turned + k * turned_size(inputs_), kind_.units, inputs_},
                   nullptr,
                   kLinear};
      f.onto = k > 0;
      kernels<T>().forward(f, panels, rows);
    }
  }
  // Of W and b from x, or of R and its bias from h'
  void gradient(const StepOf<T>& step, bool of_x, Panels<const T> x, const T* dz, Range panels,
                Range rows) const {
    const std::size_t first = of_x ? 0 : own();
    for_each(panels, [&](std::size_t k, Range of_gate) {
      const bool has_bias = of_x || (own() > 0 && k + 1 == count());
      WeightGradient<T> g{step.sink.whole,
                          *step.update,
                          of_x ? weights_[k] : recurrent_[k],
                          of_x ? biases_[k] : biases_.back(),
                          x,
                          {dz + (first + k) * size(x.rows), x.rows, kind_.units}};
      g.into = step.sink.into;
      g.batch_weight = step.sink.batch_weight;
      kernels<T>().weight_gradient(g, of_gate, rows);
      if (rows.begin == 0 && has_bias) kernels<T>().bias_gradient(g, of_gate);
    });
  }

  void initialize(T* parameters, std::uint64_t seed) const {
    const std::size_t units = kind_.units;
    const auto fan_of = [&](std::size_t inputs, double variance) {
      return Fan{static_cast<double>(inputs), static_cast<double>(units), variance};
    };
    const Fan fan = fan_of(inputs_, traits_of(kind_.activation).fan_in_variance), within = fan_of(units, 1);
    std::uint64_t stream = stream_;
    for (std::size_t k = 0; k < count(); ++k) {
      const Panels<T> w{parameters + weights_[k], inputs_, units},
          r{parameters + recurrent_[k], units, units}, b{parameters + biases_[k], 1, units};
      draw_initial_values<T>(kind_.weights, {text_ + "initializer: ", w, fan, seed, stream, 0});
      draw_initial_values<T>(kind_.biases, {text_ + "bias_initializer: ", b, fan, seed, stream++, inputs_});
      draw_initial_values<T>(kind_.recurrent,
                             {text_ + "recurrent_initializer: ", r, within, seed, stream++, 0});
      for (std::size_t j = 0; k == kForget && j < units; ++j) {
        b.at(0, j / kPanel<T>)[j % kPanel<T>] += static_cast<T>(kind_.forget_bias);
      }
    }
  }

 private:
  static constexpr int kLinear = static_cast<int>(activation<Identity>);
  static constexpr std::size_t kForget = 1;

  Panels<T> of_gate() const { return {nullptr, 1, kind_.units}; }
  // f(gate, panels of it) for panels of all gates
  template <class F>
  void for_each(Range panels, F&& f) const {
    const std::size_t each = of_gate().count();
    for (std::size_t k = panels.begin / each; k * each < panels.end; ++k) {
      f(k,
        Range{std::max(panels.begin, k * each) - k * each, std::min(panels.end, (k + 1) * each) - k * each});
    }
  }

  const RecurrentKind kind_;
  const std::size_t inputs_;
  const std::string text_;
  const std::uint64_t stream_;
  std::vector<std::size_t> weights_, recurrent_, biases_;  // in the table
};

}  // namespace fanin
