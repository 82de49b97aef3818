// The weights of a dense layer that coded columns of its input meet.
#pragma once

#include "base/registry.hpp"
#include "plan/coded_input.hpp"

namespace fanin {

template <class T>
class CodedWeights {
 public:
  void bind(const CodedInput<T>* input, Carver<T>& memory, std::size_t units) {
    input_ = input;
    if (input == nullptr) return;
    table_ = {memory.matrix(input->table_rows(), units), input->table_rows(), units};
    constants_ = {memory.matrix(input->columns(), units), input->columns(), units};
  }
  bool exist() const { return input_ != nullptr; }
  std::size_t columns() const { return input_->columns(); }

  // The work of a row for each unit, and that of an update, in flops that take as long
  double flops() const { return kCodeFlops * static_cast<double>(columns()); }
  double update_flops() const { return kUpdateFlops * static_cast<double>(input_->weights()); }

  void add_to(Forward<T>& f, Batch batch) const {
    f.codes = input_->of(batch);
    f.table = read_only(table_);
    f.constants = read_only(constants_);
  }
  void sort(Batch batch, Range columns) const { input_->sort(batch, columns); }
  void prepare(const Panels<const T>& w, Range panels, Range columns) const {
    kernels<T>().coded_tables(tables(), input_->places(), w, panels, columns);
  }
  void gradient(const WeightGradient<T>& of, Batch batch, Range panels, Range columns) const {
    kernels<T>().coded_gradient({of, input_->of(batch), input_->starts(), input_->sorted_rows(),
                                 input_->sorted_fractions(), input_->centre(), tables()},
                                panels, columns);
  }

 private:
  static constexpr double kCodeFlops = 16, kUpdateFlops = 32;

  CodedTables<T> tables() const { return {table_, constants_, input_->centre()}; }

  const CodedInput<T>* input_ = nullptr;
  Panels<T> table_{}, constants_{};
};

}  // namespace fanin
