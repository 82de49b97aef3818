// Batch norm in a step. It takes whole panels: right after the products of a panel, or of its gradient, on
// the same thread where panels can be shared evenly, else in a phase that follows.
#include "base/registry.hpp"
#include "plan/step.hpp"

namespace fanin {
namespace {

bool shared_evenly(std::size_t parts, Member member) {
  const auto threads = static_cast<std::size_t>(member.threads);
  return parts % threads == 0 || parts >= 4 * threads;
}

}  // namespace

// forward of a layer with batch norm
template <class T>
void Step<T>::normalize(Member member, std::size_t layer, Batch batch, const T* parameters) {
  const LayerLayout& shape = layout_.layers[layer - 1];
  const Forward<T> f = forward_of(layer, batch, parameters);
  const NormalizedLayer<T> n{work_.a(layer, batch),
                             work_.z(layer, batch),
                             read_only(work_.u(layer, batch)),
                             work_.offset(layer),
                             work_.variance(layer),
                             parameters + shape.gamma,
                             parameters + shape.biases,
                             static_cast<T>(shape.batch_norm->epsilon),
                             shape.activation};
  const std::size_t blocks = row_blocks(batch.rows), panels = f.a.count();
  const Range mine = Share(member.thread, member.threads, 1).take(panels, 1);
  const auto products = [&](Range units) {
    if (!shape.dense) return;
    for_units(member, true, units, blocks, [&](Range of_panels, Range of_blocks) {
      kernels<T>().forward(f, of_panels, rows_of_blocks(of_blocks, batch.rows));
    });
  };
  if (!shape.dense || blocks == 1 || shared_evenly(panels, member)) {
    for (std::size_t p = mine.begin; p < mine.end; p += kPanelGroup) {
      const Range group{p, p + kPanelGroup < mine.end ? p + kPanelGroup : mine.end};
      products({group.begin * blocks, group.end * blocks});
      kernels<T>().normalize_layer(n, group);
      drop(layer, batch, group, {0, batch.rows});
    }
  } else {
    products(Share(member.thread, member.threads, 1).take(panels * blocks, 1));
    barrier(member);
    kernels<T>().normalize_layer(n, mine);
    drop(layer, batch, mine, {0, batch.rows});
  }
}

template <class T>
bool Step<T>::normalizes_with_gradient(Member member, std::size_t layer) const {
  return normalized(layer) && (!dense(layer + 1) || shared_evenly(row_blocks(work_.units(layer)), member));
}

// The gradient of what a batch norm by itself sees, through the dropout and the activation before it
template <class T>
void Step<T>::pass_gradient(Member member, Share& share, std::size_t layer, Batch batch,
                            const T* parameters) {
  const PassedGradient<T> g{work_.dz(layer - 1, batch),
                            dz_transposed_of_activation(layer - 1, batch),
                            read_only(work_.dz(layer, batch)),
                            read_only(work_.z(layer - 1, batch)),
                            read_only(work_.a(layer - 1, batch)),
                            layout_.layers[layer - 2].activation,
                            kept(layer - 1)};
  const Range panels = share.take(g.dz.count(), product_flops(layer, batch.rows));
  kernels<T>().pass_gradient(g, panels);
  if (normalizes_with_gradient(member, layer - 1)) normalize_backward(layer - 1, batch, parameters, panels);
}

// From the gradient with respect to what the activation sees to the one with respect to the products
template <class T>
void Step<T>::normalize_backward(std::size_t layer, Batch batch, const T* parameters, Range panels) {
  const LayerLayout& shape = layout_.layers[layer - 1];
  kernels<T>().normalize_layer_backward(
      {work_.dz(layer, batch), work_.dz_transposed(layer, batch), work_.dgamma(layer), work_.dbeta(layer),
       read_only(work_.u(layer, batch)), work_.offset(layer), work_.variance(layer), parameters + shape.gamma,
       static_cast<T>(shape.batch_norm->epsilon)},
      panels);
}

// the same for the panels whose units of the input gradient a thread has done: blocks of rows, with all
// samples
template <class T>
void Step<T>::normalize_backward_of(Range units, std::size_t layer, Batch batch, const T* parameters) {
  constexpr std::size_t P = kPanel<T>;
  const std::size_t panels_of_samples = (batch.rows + P - 1) / P;
  const Range rows =
      rows_of_blocks({units.begin / panels_of_samples, units.end / panels_of_samples}, work_.units(layer));
  if (rows.begin < rows.end) {
    normalize_backward(layer, batch, parameters, {rows.begin / P, (rows.end + P - 1) / P});
  }
}

// the same, as a phase
template <class T>
void Step<T>::normalize_backward(Member member, std::size_t layer, Batch batch, const T* parameters) {
  const std::size_t panels = work_.dz(layer, batch).count();
  normalize_backward(layer, batch, parameters, Share(member.thread, member.threads, 1).take(panels, 1));
  barrier(member);
}

template <class T>
Panels<T> Step<T>::dz_transposed_of_activation(std::size_t layer, Batch batch) const {
  return normalized(layer) ? Panels<T>{} : work_.dz_transposed(layer, batch);
}

// Averages are for prediction; a step that was given up leaves them as they are. One that computes a second
// gradient notes the statistics at the weights themselves, and adds them at its end.
template <class T>
void Step<T>::note_statistics(Member member, Batch batch) {
  if (member.thread > 0) return;
  for (std::size_t l = 1; l <= last_; ++l) {
    if (!normalized(l)) continue;
    averages_.note(layout_.layers[l - 1],
                   {read_only(work_.u(l, batch)), work_.offset(l), work_.variance(l), batch.rows});
  }
}

template <class T>
void Step<T>::add_statistics(Member member) {
  if (member.thread == 0) averages_.add(layout_);
}

template <class T>
void Step<T>::average(Member member, Batch batch) {
  note_statistics(member, batch);
  add_statistics(member);
}

#define FANIN_INSTANTIATE(T)                                                          \
  template void Step<T>::pass_gradient(Member, Share&, std::size_t, Batch, const T*); \
  template void Step<T>::normalize(Member, std::size_t, Batch, const T*);             \
  template bool Step<T>::normalizes_with_gradient(Member, std::size_t) const;         \
  template void Step<T>::normalize_backward(std::size_t, Batch, const T*, Range);     \
  template void Step<T>::normalize_backward_of(Range, std::size_t, Batch, const T*);  \
  template void Step<T>::normalize_backward(Member, std::size_t, Batch, const T*);    \
  template Panels<T> Step<T>::dz_transposed_of_activation(std::size_t, Batch) const;  \
  template void Step<T>::note_statistics(Member, Batch);                              \
  template void Step<T>::add_statistics(Member);                                      \
  template void Step<T>::average(Member, Batch);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)

}  // namespace fanin
