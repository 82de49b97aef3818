// The phases of a step. Each is one or more jobs cut among the threads by cost, and ends with a barrier:
//
//   forward 1, ..., forward L-1, output (forward L with the loss and its gradient)
//   {input gradient L}, {input gradient L-1, weights L}, ..., {input gradient 2, weights 3}, {weights 2,
//   weights 1, gather}
//
// The weights of a layer change one phase after they were needed for the gradient of its input. Where layers
// are frozen from the inputs up, the gradients end at the lowest that is trained. Batch norm
// needs all rows of a panel: it is in step_batch_norm.cpp, with a phase of its own where a layer has fewer
// panels than make an even split. Dropout follows what it drops: step_dropout.cpp.
#include "plan/step.hpp"

#include "base/registry.hpp"

namespace fanin {
namespace {

// Work between two looks at the caller's question stays below 0.1 s, on one slow thread too.
constexpr double kPollingFlops = 1e9;
constexpr double kSlowFlops = 1e10;
constexpr double kPollSeconds = 0.03;
// Passes over an element of a batch norm by itself take as long as so many flops of a product.
constexpr double kNormFlops = 16;

}  // namespace

template <class T>
Step<T>::Step(const Layout<T>& layout, const Workspace<T>& workspace, Averages<T>& averages, LossOf<T> loss,
              std::size_t largest_batch, const std::function<bool()>& interrupted)
    : layout_(layout),
      work_(workspace),
      averages_(averages),
      loss_(loss),
      last_(layout.layers.size()),
      polling_(flops(largest_batch) > kPollingFlops),
      slow_(flops(largest_batch) > kSlowFlops),
      whole_(slow_),
      gradient_(slow_ ? layout.table.size : 0),
      interrupted_by_caller_(interrupted) {
  trained_.reserve(last_);
}

template <class T>
double Step<T>::product_flops(std::size_t layer, std::size_t rows) const {
  const double outputs = static_cast<double>(rows) * static_cast<double>(work_.units(layer));
  return dense(layer) ? 2.0 * outputs * static_cast<double>(work_.units(layer - 1)) : kNormFlops * outputs;
}

// The cost of a layer's weight gradient, without what is frozen
template <class T>
double Step<T>::weight_flops(std::size_t layer, std::size_t rows) const {
  const Trained trained = trained_[layer - 1];
  if (trained.weights || (trained.others && !dense(layer))) return product_flops(layer, rows);
  return trained.others ? static_cast<double>(rows) * static_cast<double>(work_.units(layer)) : 0;
}

template <class T>
double Step<T>::flops(std::size_t rows) const {
  double sum = 0;
  for (std::size_t l = 1; l <= last_; ++l) sum += product_flops(l, rows) * (l == 1 ? 2 : 3);
  return sum;
}

template <class T>
bool Step<T>::poll() {
  last_poll_ = seconds_now();
  if (interrupted_by_caller_ && interrupted_by_caller_()) interrupted_.store(true, std::memory_order_relaxed);
  return interrupted();
}

// Whether the step is to be given up: thread 0, the caller's, asks now and then; the others look at the
// answer.
template <class T>
bool Step<T>::given_up(Member member) {
  if (member.thread == 0 && seconds_now() - last_poll_ > kPollSeconds) poll();
  return interrupted();
}

template <class T>
void Step<T>::barrier(Member member) {
  const double waited = barrier_.wait(member.threads);
  if (waited > 0) waited_.fetch_add(waited, std::memory_order_relaxed);
}

template <class T>
Forward<T> Step<T>::forward_of(std::size_t layer, Batch batch, const T* parameters) const {
  const LayerLayout& shape = layout_.layers[layer - 1];
  if (normalized(layer)) {
    return {work_.u(layer, batch),
            {},
            read_only(work_.out(layer - 1, batch)),
            Layout<T>::weights(parameters, shape),
            nullptr,
            static_cast<int>(activation<Identity>)};
  }
  return {work_.a(layer, batch),
          work_.z(layer, batch),
          read_only(work_.out(layer - 1, batch)),
          Layout<T>::weights(parameters, shape),
          parameters + shape.biases,
          shape.activation};
}

template <class T>
void Step<T>::forward_layer(Member member, std::size_t layer, Batch batch, const T* parameters) {
  if (normalized(layer)) {
    normalize(member, layer, batch, parameters);
    return;
  }
  const Forward<T> f = forward_of(layer, batch, parameters);
  const std::size_t blocks = row_blocks(batch.rows);
  const Range share = Share(member.thread, member.threads, 1).take(f.a.count() * blocks, 1);
  for_units(member, true, share, blocks, [&](Range panels, Range of_blocks) {
    kernels<T>().forward(f, panels, rows_of_blocks(of_blocks, batch.rows));
    drop(layer, batch, panels, rows_of_blocks(of_blocks, batch.rows));
  });
}

// Forward of the last layer, and the loss of each row. Where all outputs of a row are in one panel, a thread
// goes on to the loss of its rows; else the product is split by panels too, and the loss waits for all of
// them.
template <class T>
void Step<T>::output(Member member, Batch batch, const T* parameters) {
  constexpr std::size_t P = kPanel<T>;
  const bool one_panel = work_.units(last_) <= P && !normalized(last_);
  const Forward<T> f = forward_of(last_, batch, parameters);
  if (!one_panel) {
    forward_layer(member, last_, batch, parameters);
    barrier(member);
  }
  const T total = work_.weights(batch) != nullptr ? kernels<T>().sum(work_.weights(batch), batch.rows)
                                                  : static_cast<T>(batch.rows);
  const T scale = total > 0 ? T{1} / total : T{0};
  if (member.thread == 0) batch_weight_ = static_cast<double>(total);
  const Range groups = Share(member.thread, member.threads, 1).take((batch.rows + P - 1) / P, 1);
  for (std::size_t g = groups.begin; g < groups.end && !(polling_ && given_up(member)); ++g) {
    const Range rows{g * P, (g + 1) * P < batch.rows ? (g + 1) * P : batch.rows};
    if (one_panel) kernels<T>().forward(f, {0, 1}, rows);
    loss_rows(batch, rows, scale);
  }
}

template <class T>
void Step<T>::loss_rows(Batch batch, Range rows, T scale) {
  kernels<T>().loss(
      {work_.row_loss(), nullptr, work_.dz(last_, batch), dz_transposed_of_activation(last_, batch),
       read_only(work_.z(last_, batch)), read_only(work_.a(last_, batch)), read_only(work_.targets(batch)),
       work_.labels(batch), work_.weights(batch), scale, loss_, layout_.layers[last_ - 1].activation},
      rows);
  const std::size_t count = rows.end - rows.begin;
  if (find_not_finite(work_.row_loss() + rows.begin, count) < count) {
    not_finite_.store(true, std::memory_order_relaxed);
  }
}

// The gradient of the input of `layer`, through the activation of the layer before it.
template <class T>
void Step<T>::input_gradient(Member member, Share& share, std::size_t layer, Batch batch, const T* parameters,
                             bool may_stop) {
  if (!dense(layer)) return pass_gradient(member, share, layer, batch, parameters);
  const InputGradient<T> g{work_.dz(layer - 1, batch),
                           dz_transposed_of_activation(layer - 1, batch),
                           Layout<T>::weights(parameters, layout_.layers[layer - 1]),
                           read_only(work_.dz_transposed(layer, batch)),
                           read_only(work_.z(layer - 1, batch)),
                           read_only(work_.a(layer - 1, batch)),
                           layout_.layers[layer - 2].activation,
                           kept(layer - 1)};
  const std::size_t inputs = work_.units(layer - 1), panels_of_samples = g.dy_transposed.count();
  const bool whole = normalizes_with_gradient(member, layer - 1);  // blocks, with all samples
  const std::size_t columns = whole ? 1 : panels_of_samples;
  Range units = share.take(row_blocks(inputs) * columns, product_flops(layer, batch.rows));
  if (whole) units = {units.begin * panels_of_samples, units.end * panels_of_samples};
  for_units(member, may_stop, units, panels_of_samples, [&](Range blocks, Range panels) {
    kernels<T>().input_gradient(g, panels, rows_of_blocks(blocks, inputs));
  });
  if (whole) normalize_backward_of(units, layer - 1, batch, parameters);
}

template <class T>
void Step<T>::weight_gradient(Member member, Share& share, std::size_t layer, Batch batch,
                              const Update<T>& update, const Kept<T>& kept) {
  const LayerLayout& shape = layout_.layers[layer - 1];
  const Trained trained = trained_[layer - 1];
  if (!trained.weights && !trained.others) return;
  const WeightGradient<T> g{kept.whole,
                            update,
                            shape.weights,
                            shape.biases,
                            read_only(work_.out(layer - 1, batch)),
                            read_only(work_.dz(layer, batch)),
                            work_.dgamma(layer),
                            work_.dbeta(layer),
                            shape.gamma,
                            kept.keep,
                            kept.batch_weight};
  const std::size_t blocks = trained.weights ? row_blocks(shape.inputs) : 1;
  const Range units = share.take(g.dz.count() * blocks, weight_flops(layer, batch.rows));
  for_units(member, kept.whole != nullptr, units, blocks, [&](Range panels, Range of_blocks) {
    if (trained.weights) kernels<T>().weight_gradient(g, panels, rows_of_blocks(of_blocks, shape.inputs));
    if (of_blocks.begin == 0) kernels<T>().bias_gradient(g, panels);
  });
}

// The gradients of all parameters: kept as a whole, or to the update rule block by block.
//
// False where the step was given up before any update. The answer is read only after the barrier of the last
// phase that asks the question, so that all threads read the same.
template <class T>
bool Step<T>::gradients(Member member, const DataSource& data, Batch batch, Batch next,
                        const Update<T>& update, const Kept<T>& kept) {
  const bool whole = kept.whole != nullptr;
  const auto flops_of = [&](std::size_t layer) { return product_flops(layer, batch.rows); };
  const auto flops_of_weights = [&](std::size_t layer) {
    return lowest_ <= layer && layer <= last_ ? weight_flops(layer, batch.rows) : 0;
  };
  if (last_ <= lowest_ && !whole && interrupted()) return false;
  if (normalized(last_) && lowest_ <= last_) normalize_backward(member, last_, batch, update.parameters);
  for (std::size_t l = last_; l > lowest_; --l) {
    Share share(member.thread, member.threads, flops_of(l) + flops_of_weights(l + 1));
    input_gradient(member, share, l, batch, update.parameters, whole || l == last_);
    if (l < last_) weight_gradient(member, share, l + 1, batch, update, kept);
    barrier(member);
    if (!whole && interrupted()) return false;
    if (normalized(l - 1) && !normalizes_with_gradient(member, l - 1)) {
      normalize_backward(member, l - 1, batch, update.parameters);
    }
  }
  // a value of x from a row that lies anywhere in memory costs about what 64 flops do
  const double gather_cost = 64.0 * static_cast<double>(next.rows) * static_cast<double>(work_.units(0));
  Share share(member.thread, member.threads,
              flops_of_weights(lowest_) + flops_of_weights(lowest_ + 1) + gather_cost);
  for (std::size_t l = lowest_ + 1; l >= lowest_; --l) {
    if (l <= last_) weight_gradient(member, share, l, batch, update, kept);
  }
  if (next.rows > 0) gather_share(data, next, share.take(next.rows, gather_cost));
  if (!whole) average(member, batch);
  barrier(member);
  // Where the last phase does not ask, the question may be put again by a thread that is already in the next
  // step.
  return !whole || !interrupted();
}

template <class T>
bool Step<T>::forward(Member member, Batch batch, const T* parameters) {
  for (std::size_t l = 1; l < last_; ++l) {
    forward_layer(member, l, batch, parameters);
    barrier(member);
  }
  output(member, batch, parameters);
  barrier(member);
  if (not_finite_.load(std::memory_order_relaxed)) return false;
  if (member.thread == 0) batch_loss_ = static_cast<double>(kernels<T>().sum(work_.row_loss(), batch.rows));
  return true;
}

template class Step<float>;
template class Step<double>;

}  // namespace fanin
