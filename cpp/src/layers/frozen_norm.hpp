// The node of a batch norm whose statistics are constants: y = gamma h + beta, h = (x - mean) / sqrt(variance
// + epsilon). Along a direction (c, b) of gamma and beta, with s = gamma / sqrt(variance + epsilon):
//   R y = s R x + c h + b,  R dx = s R dy + c dy / sqrt(variance + epsilon)
//   R dgamma = sum R dy h + dy R h,  R dbeta = sum R dy
#pragma once

#include "base/registry.hpp"
#include "plan/normalizer.hpp"

namespace fanin {

template <class T>
class FrozenNormNode final : public Node<T> {
 public:
  FrozenNormNode(const BatchNorm& layer, Declarations<T>& d)
      : Node<T>(d, d.columns),
        first_element_(d.table.elements()),
        norm_(layer, d.columns, d),
        mean_(d.frozen->mean(norm_)),
        slope_(rounded<T>(d.columns)) {
    const std::vector<T> ones(slope_.size(), T{1});
    kernels<T>().batch_norm_scale(slope_.data(), ones.data(), d.frozen->variance(norm_),
                                  static_cast<T>(layer.epsilon), slope_.size());
    d.new_value();
  }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    in_ = &in;
    this->out.even = this->out.odd = this->out.a = memory.matrix(rows, in.columns);
    this->out.dz = memory.matrix(rows, in.columns);
    passed_ = memory.matrix(rows, in.columns);
  }
  void bind_tangents(Carver<T>& memory, std::size_t rows) override {
    this->out.carve_tangents(memory, rows, false);
    this->out.rdz = memory.matrix(rows, in_->columns);
  }
  void forward(Plan<T>& plan) override {
    plan.phase(normalize_);
    this->out.made_by = &normalize_;
  }
  void tangent(Plan<T>& plan) override { plan.phase(tangent_); }
  void second_tangent(Plan<T>& plan) override { plan.phase(second_tangent_); }
  void link(const std::vector<bool>&) override {
    this->out.needs_gradient = true;
    this->out.after_gradient = in_->needs_gradient ? &pass_ : nullptr;
    this->out.after_tangent = in_->needs_gradient ? &pass_tangent_ : nullptr;
    pass_.follow = in_->after_gradient;
    pass_tangent_.follow = in_->after_tangent;
  }
  void backward(Plan<T>& plan, bool to_parameters) override {
    if (to_parameters) plan.later(gradient_);
  }
  void tangent_backward(Plan<T>& plan) override { plan.later(gradient_tangent_); }
  void squares(Plan<T>& plan) override { plan.phase(squares_); }

  void jacobian(Batch batch, Range rows, const Panels<T>& to, std::size_t first) const override {
    const auto place = [&](std::size_t row, std::size_t column) -> T& {
      return to.at(row, column / kPanel<T>)[column % kPanel<T>];
    };
    for (std::size_t j = 0; j < norm_.columns; ++j) {
      const Column of(*this, batch, j);
      for (std::size_t i = rows.begin; i < rows.end; ++i) {
        place(first + i - rows.begin, first_element_ + j) = of.dy(i);
        place(first + i - rows.begin, first_element_ + norm_.columns + j) = of.dy(i) * of.h(i);
      }
    }
  }

  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override {
    const Value<T>& out = this->out;
    const Batch batch = step.batch;
    const T *const gamma = step.parameters + norm_.scale, *const beta = step.parameters + norm_.shift;
    const T* const v = step.curved.direction;
    const auto for_each_element = [&](T* to, auto&& f) {
      for (std::size_t j = columns.begin; j < columns.end; ++j) {
        const Column of(*this, batch, j);
        for (std::size_t i = rows.begin; i < rows.end; ++i) of(to, i) = f(of, i, j);
      }
      for (std::size_t j = norm_.columns; columns.end == norm_.columns && j < rounded<T>(norm_.columns);
           ++j) {
        const Column padding(*this, batch, j);
        for (std::size_t i = rows.begin; i < rows.end; ++i) padding(to, i) = T{0};
      }
    };
    switch (part) {
      case kNormalize:
        return for_each_element(out.a, [&](const Column& of, std::size_t i, std::size_t j) {
          return gamma[j] * of.h(i) + beta[j];
        });
      case kTangent:
        return for_each_element(out.ra, [&](const Column& of, std::size_t i, std::size_t j) {
          return gamma[j] * of.rh(i) + v[norm_.scale + j] * of.h(i) + v[norm_.shift + j];
        });
      case kSecondTangent:
        return for_each_element(out.rdz, [&](const Column& of, std::size_t i, std::size_t j) {
          return gamma[j] * slope_.data()[j] * of.half(i) + v[norm_.scale + j] * of.rh(i);
        });
      case kPass:
        for_each_element(passed_, [&](const Column& of, std::size_t i, std::size_t j) {
          return gamma[j] * slope_.data()[j] * of.dy(i);
        });
        return kernels<T>().pass_gradient(
            gradient_through(*in_, batch, read_only(out.panels(passed_, batch))), panels_of<T>(columns));
      case kPassTangent:
        for_each_element(passed_, [&](const Column& of, std::size_t i, std::size_t j) {
          return slope_.data()[j] * (gamma[j] * of.rdy(i) + v[norm_.scale + j] * of.dy(i));
        });
        return kernels<T>().pass_gradient(tangent_through(*in_, batch, read_only(out.panels(passed_, batch))),
                                          panels_of<T>(columns));
      default:
        return sum(part, step, columns);
    }
  }

  void predict(Flow<T>&) const override {}  // of the network itself

 private:
  enum Part {
    kNormalize,
    kTangent,
    kSecondTangent,
    kPass,
    kPassTangent,
    kGradient,
    kGradientTangent,
    kSquares
  };

  // Column j of its values
  struct Column {
    const FrozenNormNode& node;
    const Batch batch;
    const std::size_t j;

    Column(const FrozenNormNode& of, Batch rows, std::size_t column) : node(of), batch(rows), j(column) {}
    T& operator()(T* data, std::size_t i) const {
      return node.out.panels(data, batch).at(i, j / kPanel<T>)[j % kPanel<T>];
    }
    T x(T* data, std::size_t i) const { return data == nullptr ? T{0} : (*this)(data, i); }
    T h(std::size_t i) const {
      return (x(batch.odd ? node.in_->odd : node.in_->even, i) - node.mean_[j]) * node.slope_.data()[j];
    }
    T rh(std::size_t i) const {
      return x(node.in_->moves ? node.in_->ra : nullptr, i) * node.slope_.data()[j];
    }
    T half(std::size_t i) const { return x(node.in_->moves ? node.in_->rdz : nullptr, i); }
    T dy(std::size_t i) const { return (*this)(node.out.dz, i); }
    T rdy(std::size_t i) const { return (*this)(node.out.rdz, i); }
  };

  // Sums over the rows of gradients of beta and gamma, of their tangents, or of their squares
  void sum(int part, const StepOf<T>& step, Range columns) const {
    const bool continued = part == kSquares || step.sink.into == Into::continued;
    T* const to = part == kSquares ? step.curved.squares : step.sink.whole;
    for (std::size_t j = columns.begin; j < columns.end; ++j) {
      const Column of(*this, step.batch, j);
      T &of_shift = to[norm_.shift + j], &of_scale = to[norm_.scale + j];
      double shift = continued ? of_shift : 0, scale = continued ? of_scale : 0;
      for (std::size_t i = 0; i < step.batch.rows; ++i) {
        const double h = of.h(i), dy = of.dy(i);
        if (part == kSquares) {
          shift += dy * dy;
          scale += dy * h * (dy * h);
        } else if (part == kGradient) {
          shift += dy;
          scale += dy * h;
        } else {
          shift += of.rdy(i);
          scale += of.rdy(i) * h + dy * of.rh(i);
        }
      }
      of_shift = static_cast<T>(shift);
      of_scale = static_cast<T>(scale);
    }
  }

  Job<T> job_of(const char* name, Part part, std::size_t row_unit) {
    const double cost = 16 * static_cast<double>(norm_.columns);
    return {name, this, part, norm_.columns, kPanel<T>, row_unit, cost};
  }

  const std::size_t first_element_;
  const Normalizer<T> norm_;
  const T* const mean_;
  Buffer<T> slope_;  // 1 / sqrt(variance + epsilon)
  Value<T>* in_ = nullptr;
  T* passed_ = nullptr;
  Job<T> normalize_ = job_of("normalize", kNormalize, kRowBlock),
         tangent_ = job_of("tangent", kTangent, kRowBlock),
         second_tangent_ = job_of("second tangent", kSecondTangent, kRowBlock),
         gradient_ = job_of("weights", kGradient, kAll),
         gradient_tangent_ = job_of("weight tangent", kGradientTangent, kAll),
         squares_ = job_of("squares", kSquares, kAll);
  Job<T> pass_ = following("pass gradient", this, kPass, this->out.columns);
  Job<T> pass_tangent_ = following("pass tangent", this, kPassTangent, this->out.columns);
};

}  // namespace fanin
