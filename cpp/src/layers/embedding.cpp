// The node of an embedding: rows of its tables, looked up by whole numbers, or summed for each sparse row.
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "fanin/error.hpp"
#include "layers/initial_values.hpp"
#include "layers/sparse_weights.hpp"
#include "layers/traits.hpp"

namespace fanin {
namespace {

constexpr int kSame = static_cast<int>(activation<Identity>);

std::size_t rows_of_tables(const Embedding& layer, std::size_t columns, const std::string& text) {
  constexpr double most = 0x1p32;
  double sum = 0;
  for (const std::size_t n : layer.n) sum += static_cast<double>(n);
  if (layer.n.empty()) throw ValueError(text + "n: expected the rows of at least one table, got none");
  if (sum >= most) throw ValueError(text + "n: expected fewer than 2^32 rows, got " + number_text(sum));
  if (layer.bags && sum != static_cast<double>(columns)) {
    throw ValueError(text + "n: expected " + std::to_string(columns) +
                     " rows, one for each column of the bags, got " + number_text(sum));
  }
  if (!layer.bags && layer.n.size() != 1 && layer.n.size() != columns) {
    throw ValueError(text + "n: expected the rows of one table, or of one for each of " +
                     std::to_string(columns) + " columns, got " + std::to_string(layer.n.size()) + " tables");
  }
  return static_cast<std::size_t>(sum);
}

template <class T>
class EmbeddingNode final : public Node<T> {
 public:
  EmbeddingNode(const Embedding& layer, Declarations<T>& d)
      : Node<T>(d, layer.bags ? layer.dim : d.columns * layer.dim),
        layer_(layer),
        rows_(rows_of_tables(layer, d.columns, d.text)),
        sums_(layer.bags ? 1 : d.columns),
        text_(d.text),
        stream_(d.dense++),
        first_array_(d.table.trained.size()),
        weights_(d.add(Role::embedding, rows_, layer.dim)) {
    d.count_weights(static_cast<double>(rows_), layer.dim);
    check_initializers(Dense{layer.dim, activation<Identity>, layer.initializer}, rows_, d.text);
    d.widest = std::max(d.widest, sums_ * rounded<T>(layer.dim));
    ++d.stages;
    d.new_value();
  }

  double flops() const override {
    return sparse_.exist() ? sparse_.flops() : static_cast<double>(this->out.columns);
  }

  void bind(Value<T>& in, Carver<T>& memory, Extent most) override {
    const std::size_t rows = this->rows_of(most);
    Value<T>& out = this->out;
    out.even = out.odd = out.a = memory.matrix(rows, out.columns);
    out.dz = memory.matrix(rows, out.columns);
    looked_up_ = apart() ? memory.matrix(rows * sums_, layer_.dim) : out.a;
    gradient_ = apart() ? memory.matrix(rows * sums_, layer_.dim) : out.dz;
    sparse_.bind(in.sparse, weights_, layer_.dim, gradient_);
    forward_.cost = sparse_.flops();
  }
  void forward(Plan<T>& plan) override {
    sparse_.meet(plan);
    plan.phase(forward_);
    this->out.made_by = &forward_;
  }
  void link(const std::vector<bool>& trained) override { this->out.needs_gradient = trained[first_array_]; }
  void backward(Plan<T>& plan, bool to_parameters) override {
    if (!to_parameters || !this->out.needs_gradient) return;
    if (apart()) plan.phase(spread_);
    sparse_.backward(plan);
  }

  void run(int part, const StepOf<T>& step, Range, Range rows) const override {
    const Batch batch = step.batch;
    if (part == kSpread) {
      return spread(rows_apart(gradient_, batch.rows), this->out.panels(this->out.dz, batch), rows);
    }
    const Panels<T> looked_up = rows_apart(looked_up_, batch.rows);
    look_up(looked_up, step.parameters, sparse_.of(batch), rows);
    if (apart()) join(this->out.out(batch), looked_up, rows);
  }

  void initialize(T* parameters, std::uint64_t seed) const override {
    const Fan fan{1, static_cast<double>(layer_.dim), traits_of(kSame).fan_in_variance};
    draw_initial_values<T>(
        layer_.initializer,
        {text_ + "initializer: ", {parameters + weights_, rows_, layer_.dim}, fan, seed, stream_, 0});
  }

  // Each member looks up some of the rows.
  void predict(Flow<T>& flow) const override {
    const Panels<T> y = flow.take(this->out.columns);
    const Panels<T> rows = apart() ? rows_apart(flow.take(this->out.columns).data, y.rows) : y;
    const Range mine = flow.share(y.rows);
    look_up(rows, flow.net.parameters, std::exchange(flow.sparse, {}), mine);
    if (apart()) join(y, rows, mine);
    flow.made(y);
  }

 private:
  enum Part { kForward, kSpread };

  // Whether a row of the output is made of several rows of the tables
  bool apart() const { return sums_ > 1; }
  Panels<T> rows_apart(T* data, std::size_t rows) const { return {data, rows * sums_, layer_.dim}; }

  // The rows of the tables for some rows of the batch
  void look_up(Panels<T> to, const T* parameters, const SparseBatch<T>& ids, Range rows) const {
    if (rows.begin == rows.end) return;
    const Panels<const T> tables{parameters + weights_, rows_, layer_.dim};
    Forward<T> f{to, {}, {nullptr, to.rows, 0}, tables, nullptr, kSame};
    f.sparse = ids;
    kernels<T>().forward(f, {0, to.count()}, {rows.begin * sums_, rows.end * sums_});
  }
  // Copies rows of `dim` columns to or from their place in rows of the output
  template <class F>
  void for_each_place(const Panels<T>& whole, const Panels<T>& apart, Range rows, F&& f) const {
    constexpr std::size_t P = kPanel<T>;
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      for (std::size_t c = 0; c < sums_; ++c) {
        for (std::size_t j = 0; j < layer_.dim; ++j) {
          const std::size_t k = c * layer_.dim + j;
          f(whole.at(i, k / P)[k % P], apart.at(i * sums_ + c, j / P)[j % P]);
        }
      }
    }
  }
  void join(const Panels<T>& whole, const Panels<T>& apart, Range rows) const {
    for_each_place(whole, apart, rows, [](T& to, T from) { to = from; });
  }
  void spread(const Panels<T>& apart, const Panels<T>& whole, Range rows) const {
    for_each_place(whole, apart, rows, [](T from, T& to) { to = from; });
  }

  const Embedding layer_;
  const std::size_t rows_, sums_;  // of the tables; for each row of the batch
  const std::string text_;
  const std::uint64_t stream_;
  const std::size_t first_array_, weights_;

  SparseWeights<T> sparse_;
  T *looked_up_ = nullptr, *gradient_ = nullptr;
  Job<T> forward_{"look up", this, kForward, 1, kAll, kRowBlock, 0};
  Job<T> spread_{"spread", this, kSpread, 1, kAll, kRowBlock, 1};
};

}  // namespace

FANIN_NODE(Embedding, EmbeddingNode)

}  // namespace fanin
