#include "rules/matrices.hpp"

#include <cmath>

#include "team/limit.hpp"

namespace fanin {
namespace {

constexpr double kFirst = 3.4445, kThird = -4.775, kFifth = 2.0315;

// Which thread computes a group of rows of a triangle, whose costs grow: 0 1 2 2 1 0 0 1 2 ...
bool is_own(Member member, std::size_t group) {
  const auto threads = static_cast<std::size_t>(member.threads), place = group % threads;
  const std::size_t owner = group / threads % 2 == 0 ? place : threads - 1 - place;
  return owner == static_cast<std::size_t>(member.thread);
}

Range own(Member member, std::size_t units) {
  if (member.thread >= member.threads) return {0, 0};
  return Share(member.thread, member.threads, 1).take(units, 1);
}

}  // namespace

template <class T>
void Matrices<T>::plan(const Method& method, const ParameterTable& table, bool panels) {
  const RuleTraits traits = traits_of(method.rule);
  matrices_.clear();
  others_.clear();
  flops_ = 0;
  is_matrix_.assign(table.trained.size(), 0);
  std::size_t output = table.trained.size(), most = 0, most_gram = 0, most_blocks = 0, begin = 0;
  for (std::size_t i = 0; i < table.trained.size() && traits.adam_output; ++i) {
    if (table.trained[i].role == Role::weight) output = i;
  }
  for (std::size_t i = 0; i < table.trained.size() && traits.whole_matrices; ++i) {
    const ParameterArray& array = table.trained[i];
    if (!array.is_multiplied() || i == output || array.elements() == 0) continue;
    is_matrix_[i] = 1;
    if (begin < array.offset) others_.push_back({begin, array.offset});
    begin = table.end(i);
    if (is_frozen(method, i)) continue;
    Around around = around_of(method, i, array.inputs());
    const Penalties penalties{std::exchange(around.l1, 0), std::exchange(around.l2, 0),
                              std::exchange(around.l2_of_sum, 0)};
    const Matrix matrix{i, array.offset, array.rows, array.columns, panels, {table.size, around}, penalties};
    matrices_.push_back(matrix);
    most = std::max(most, array.elements());
    most_gram = std::max(most_gram, matrix.smaller() * matrix.smaller());
    most_blocks = std::max(most_blocks, row_blocks(array.rows));
    const auto side = static_cast<double>(matrix.smaller());
    flops_ += kIterations * side * (3 * static_cast<double>(array.elements()) + side * side);
  }
  if (begin < table.size) others_.push_back({begin, table.size});
  if (matrices_.empty()) return;
  const auto allocate = [](Buffer<T>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer = Buffer<T>(size);
  };
  descent_ = Rule::named("sgd");
  threads_ = std::max(threads_, thread_limit());
  const auto threads = static_cast<std::size_t>(threads_);
  allocate(x_, most);
  allocate(next_, most);
  allocate(gram_, most_gram);
  allocate(square_, most_gram);
  allocate(packing_, threads * Product<T>::kMemory);
  largest_.assign(threads, 0);
  squares_.assign(most_blocks, 0);
}

template <class T>
template <class F>
void Matrices<T>::for_runs(Member member, const Matrix& of, F&& f) const {
  const Range rows = rows_of_blocks(own(member, row_blocks(of.rows)), of.rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t column = 0; column < of.columns; column += kPanel<T>) {
      f(row, column, std::min(kPanel<T>, of.columns - column));
    }
  }
}

// x = u, by the gradient with its limits and penalties
template <class T>
void Matrices<T>::take_gradient(Member member, const Matrix& of, const Update<T>& all, const T* g, const T* w,
                                T* m) {
  const Limits<T> limits = all.limits;
  const Penalties& p = of.penalties;
  const auto l1 = static_cast<T>(p.l1), l2 = static_cast<T>(p.l2 + p.l2_of_sum * all.share_of_sum);
  const auto momentum = static_cast<T>(all.matrices.momentum),
             rest = static_cast<T>(1 - all.matrices.momentum);
  T largest = 0;
  for_runs(member, of, [&](std::size_t row, std::size_t column, std::size_t n) {
    const std::size_t at = of.run(row, column);
    T* const x = x_.data() + row * of.columns + column;
    for (std::size_t k = 0; k < n; ++k) {
      const T weight = w[at + k], sign = weight > 0 ? l1 : weight < 0 ? -l1 : T{0};
      const T scaled = g[at + k] * limits.mean;
      const T above = scaled < -limits.limit ? -limits.limit : scaled;
      const T limited = above > limits.limit ? limits.limit : above;
      const T gradient = limited * limits.shrink + l2 * weight + sign;
      const T mean = m[at + k] + rest * (gradient - m[at + k]);
      m[at + k] = mean;
      x[k] = gradient + momentum * (mean - gradient);
      largest = std::max(largest, std::abs(x[k]));
    }
  });
  if (member.thread < member.threads) {
    largest_[static_cast<std::size_t>(member.thread)] = static_cast<double>(largest);
  }
}

template <class T>
double Matrices<T>::divide(Member member, const Matrix& of) {
  double largest = 0;
  for (int i = 0; i < member.threads; ++i) largest = std::max(largest, largest_[static_cast<std::size_t>(i)]);
  if (!(largest > 0)) return 0;
  for_runs(member, of, [&](std::size_t row, std::size_t column, std::size_t n) {
    T* const x = x_.data() + row * of.columns + column;
    for (std::size_t k = 0; k < n; ++k) x[k] /= static_cast<T>(largest);
  });
  const Range blocks = own(member, row_blocks(of.rows));
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    const Range rows = rows_of_blocks({block, block + 1}, of.rows);
    squares_[block] = 0;
    for (std::size_t column = 0; column < of.columns; column += kPanel<T>) {
      const T sum =
          kernels<T>().square_sum(x_.data() + rows.begin * of.columns + column, rows.end - rows.begin,
                                  of.columns, std::min(kPanel<T>, of.columns - column), {});
      squares_[block] += static_cast<double>(sum);
    }
  }
  return largest;
}

template <class T>
void Matrices<T>::normalize(Member member, const Matrix& of, double largest) {
  double sum = 0;
  for (std::size_t block = 0; block < row_blocks(of.rows); ++block) sum += squares_[block];
  const auto scale = static_cast<T>(largest > 0 ? 1 / (std::sqrt(sum) + 1e-7 / largest) : 0);
  for_runs(member, of, [&](std::size_t row, std::size_t column, std::size_t n) {
    T* const x = x_.data() + row * of.columns + column;
    for (std::size_t k = 0; k < n; ++k) x[k] *= scale;
  });
}

// The lower triangle of a symmetric product, in groups of rows
template <class T>
void Matrices<T>::square(Member member, const Product<T>& product, std::size_t size) const {
  if (member.thread >= member.threads) return;
  const std::size_t many = 4 * Product<T>::kPackedRows * static_cast<std::size_t>(member.threads);
  const std::size_t group = size < many ? kRowBlock : Product<T>::kPackedRows;
  for (std::size_t i = 0; i * group < size; ++i) {
    const Range rows{i * group, std::min(size, (i + 1) * group)};
    if (!is_own(member, i)) continue;
    kernels<T>().product(product, {0, (rows.end + kPanel<T> - 1) / kPanel<T>}, rows, packing(member));
  }
}

template <class T>
void Matrices<T>::mirror(Member member, std::size_t size) const {
  const Range rows = own(member, size);
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    for (std::size_t j = i + 1; j < size; ++j) gram_.data()[i * size + j] = gram_.data()[j * size + i];
  }
}

template <class T>
void Matrices<T>::combine(Member member, std::size_t size) const {
  const Range rows = own(member, size);
  constexpr auto third = static_cast<T>(kThird), fifth = static_cast<T>(kFifth);
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    T* const gram = gram_.data() + i * size;
    for (std::size_t j = 0; j < size; ++j) {
      gram[j] = third * gram[j] + fifth * square_.data()[j <= i ? i * size + j : j * size + i];
    }
  }
}

// out = 3.4445 x + gram x, or x gram if x is tall
template <class T>
void Matrices<T>::improve(Member member, const Matrix& of, const T* x, T* out) const {
  const std::size_t size = of.smaller(), blocks = row_blocks(of.rows),
                    panels = (of.columns + kPanel<T> - 1) / kPanel<T>;
  const auto stride = static_cast<std::ptrdiff_t>(of.columns);
  const View<T> gram{gram_.data(), static_cast<std::ptrdiff_t>(size), 1}, all{x, stride, 1};
  const Product<T> product{out,  stride,  of.is_tall() ? all : gram, of.is_tall() ? gram : all, of.columns,
                           size, nullptr, Product<T>::kNone};
  constexpr auto first = static_cast<T>(kFirst);
  for_each_rectangle(own(member, panels * blocks), blocks, [&](Range of_panels, Range of_blocks) {
    const Range rows = rows_of_blocks(of_blocks, of.rows);
    kernels<T>().product(product, of_panels, rows, packing(member));
    const std::size_t begin = of_panels.begin * kPanel<T>,
                      end = std::min(of_panels.end * kPanel<T>, of.columns);
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      for (std::size_t j = begin; j < end; ++j) out[i * of.columns + j] += first * x[i * of.columns + j];
    }
  });
}

template <class T>
void Matrices<T>::apply(Member member, const Matrix& of, const Update<T>& all, const T* x, T* w) const {
  Rule descent = *descent_;
  set_learning_rate(descent, all.matrices.rate);
  const StepConstants begun = constants_of(descent, Moment(1));
  const auto factor = static_cast<T>(
      of.is_tall() ? 1 : std::sqrt(static_cast<double>(of.columns) / static_cast<double>(of.rows)));
  Update<T> update = all;
  update.rule = descent.place();
  update.constants = begun.constants();
  update.segments = &of.segment;
  update.rate = begun.learning_rate;
  update.limits = {};
  for_runs(member, of, [&](std::size_t row, std::size_t column, std::size_t n) {
    T direction[kPanel<T>];
    for (std::size_t k = 0; k < n; ++k) direction[k] = factor * x[row * of.columns + column + k];
    const std::size_t at = of.run(row, column);
    update.parameters = w + at;
    if (all.averaging.average != nullptr) update.averaging.average = all.averaging.average + of.offset + at;
    kernels<T>().update(update, direction, {0, n});
  });
}

template class Matrices<float>;
template class Matrices<double>;

}  // namespace fanin
