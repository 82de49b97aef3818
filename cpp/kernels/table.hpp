// The boundary between the kernels, compiled once per instruction set, and everything else, compiled once.
// A kernel takes views into panels and a range of work; threads, checks and allocation are the caller's.
#pragma once

#include "panels.hpp"

#include "applied.hpp"

namespace fanin {

// out = f(left right + bias) on users' matrices: out (m, columns) with columns next to each other, left
// (m, depth), right (depth, columns), bias (columns) or none. Without an activation, kNone, the product is
// stored as it is. Denormals of `left` count as 0.
template <class T>
struct Product {
  static constexpr int kNone = -1;
  // What is packed of the operands at a time: panels of 64 KiB of L3, rows of 2 KiB of L2
  static constexpr std::size_t kPackedPanels = 32, kPackedRows = 2 * kRowBlock;
  // elements of `memory`, each thread's own: what is packed, and a block of the result
  static constexpr std::size_t kMemory =
      (kPackedPanels * kPanel<T> + kPackedRows) * kDepth<T> + kRowBlock * kPanel<T>;

  T* out;
  std::ptrdiff_t out_stride;
  View<T> left, right;
  std::size_t columns, depth;
  const T* bias;
  int activation;
};

// a = f(x w + bias), (rows, n) from (rows, k) and (k, n); z is kept where the activation's derivative needs
// it
template <class T>
struct Forward {
  Panels<T> a, z;
  Panels<const T> x, w;
  const T* bias;
  int activation;
};

// Dropout: which elements are kept, a bit each, (row, panel) by (row, panel), and what they are multiplied
// by. Without bits all are kept.
template <class T>
struct DropoutMask {
  std::uint8_t* bits;
  T scale;

  static constexpr std::size_t kBytes = kPanel<T> / 8;  // of a row of a panel
  __attribute__((always_inline)) std::uint8_t* at(std::size_t row, std::size_t panel,
                                                  std::size_t rows) const {
    return bits == nullptr ? nullptr : bits + (panel * rows + row) * kBytes;
  }
};

// out = x times scale where an element is kept, else 0. Each 16 random bits keep theirs where they are at
// least `dropped`; 8 elements of a row share a block of Philox, whose counter is its number and these three.
// Rows are counted from first_row on.
template <class T>
struct Drop {
  Panels<T> out;
  Panels<const T> x;
  DropoutMask<T> mask;
  std::uint32_t key[2], counter[3], dropped;
  std::size_t first_row;
};

// dz = (dy w') f'(z), where dy' are the panels of the transposed gradient (n, rows) and (z, a) the layer's
// input, before the dropout. dz (rows, k) and its transpose (k, rows), which may be absent, are written.
template <class T>
struct InputGradient {
  Panels<T> dz, dz_transposed;
  Panels<const T> w, dy_transposed, z, a;
  int activation;
  DropoutMask<T> mask;
};

// dz = dy f'(z), the same where no weights are in between
template <class T>
struct PassedGradient {
  Panels<T> dz, dz_transposed;
  Panels<const T> dy, z, a;
  int activation;
  DropoutMask<T> mask;
};

// What the whole gradient keeps of some rows: their gradient alone, or, where the rows before them in a batch
// are multiples of kDepth, the gradient of all of these; or a sum over batches by their weights
enum class Into { alone, continued, first_of_sum, next_of_sum };

// dw = x' dz, db = column sums of dz. Where `gradient` is absent the update runs on each block as it is made.
// A layer with batch norm has no biases: dgamma and dbeta are there already, and beta is at bias_offset.
template <class T>
struct WeightGradient {
  T* gradient;
  Update<T> update;
  std::size_t weight_offset, bias_offset;
  Panels<const T> x, dz;
  const T *dgamma = nullptr, *dbeta = nullptr;
  std::size_t gamma_offset = 0;
  Into into = Into::alone;
  T batch_weight = 1;
};

// What a loss kernel knows of the loss: its place in the list, and its parameter for each output, as one row
// of panels
template <class T>
struct LossOf {
  int place;
  const T* parameters;
};

// The loss of each row times its weight, and dz = weight * scale * dE/da f'(z) with its transpose (which may
// be absent). Gradients are left out where dz is absent. Where it is wanted, row_score gets the score times
// the weight. Targets are panels, or labels where there are any.
template <class T>
struct LossRows {
  T* row_loss;
  T* row_score;
  Panels<T> dz, dz_transposed;
  Panels<const T> z, a;
  Panels<const T> targets;
  const std::int32_t* labels;
  const T* row_weight;
  T scale;
  LossOf<T> loss;
  int activation;
};

// Rows of a user's matrix, any strides (in elements), into panels. Without `order` the rows are first, first
// + 1, ...
template <class T, class S>
struct Gather {
  Panels<T> out;
  const S* data;
  std::ptrdiff_t row_stride, column_stride;
  const std::uint32_t* order;
  std::size_t first;
};

// y = (x - centre) scale + added, column by column, both x and centre times a unit where there are any; y may
// go around the caches
template <class T>
struct Normalization {
  T* y;
  std::ptrdiff_t y_stride;
  const T* x;
  std::ptrdiff_t x_stride;
  const T *centre, *scale, *added;
  const T* unit = nullptr;
  bool around_caches = false;
};

// Batch norm of users' matrices, whose columns lie next to each other. mean, variance and offset, the mean of
// what x is above its first row, are written. Blocks of 64 rows leave their moments, a row each, to be merged
// in order; scale, added and unit are what y = (x - first row) unit scale + added needs.
template <class T>
struct BatchNormForward {
  const T* x;
  std::ptrdiff_t x_stride;
  std::size_t rows, columns;
  T *mean, *variance, *offset;
  const T *gamma, *beta;
  T epsilon;
  T *block_means, *block_squares;
  T *scale, *added, *unit;
};

// dx, dgamma and dbeta from dy, and from what the batch norm of x has written. Blocks of 64 rows leave their
// sums of dy and of dy (x - mean), a row each; dx = (dy scale + (x - first row) unit slope + added) unit.
template <class T>
struct BatchNormGradient {
  T* dx;
  std::ptrdiff_t dx_stride;
  T *dgamma, *dbeta;
  const T* dy;
  std::ptrdiff_t dy_stride;
  const T* x;
  std::ptrdiff_t x_stride;
  std::size_t rows, columns;
  const T *variance, *offset, *gamma;
  T epsilon;
  T *block_dy, *block_products;
  T *product, *scale, *slope, *added, *unit;
  bool around_caches;
};

// a = f(v), v = gamma (u - mean) / sqrt(variance + epsilon) + beta, (rows, n) like u, the products of a
// layer; z gets v where the activation's derivative needs it. offset and variance, as above, are written.
template <class T>
struct NormalizedLayer {
  Panels<T> a, z;
  Panels<const T> u;
  T *offset, *variance;
  const T *gamma, *beta;
  T epsilon;
  int activation;
};

// From the gradient with respect to v, in dz, to the one with respect to u, in its place, and its transpose
// (which may be absent); dgamma and dbeta are written.
template <class T>
struct NormalizedGradient {
  Panels<T> dz, dz_transposed;
  T *dgamma, *dbeta;
  Panels<const T> u;
  const T *offset, *variance, *gamma;
  T epsilon;
};

enum class MathFunction : int { exp, expm1, log, log1p, tanh, logistic, erf, cos_pi, count };

template <class T>
struct Kernels {
  // panels of a, rows of a
  void (*forward)(const Forward<T>&, Range panels, Range rows);
  // panels and rows of the result
  void (*product)(const Product<T>&, Range panels, Range rows, T* memory);
  // panels of dz_transposed (columns are samples), rows of dz_transposed (inputs); a multiple of 64 or the
  // end
  void (*input_gradient)(const InputGradient<T>&, Range panels, Range rows);
  void (*pass_gradient)(const PassedGradient<T>&, Range panels);
  void (*drop)(const Drop<T>&, Range panels, Range rows);
  // panels of w, rows of w; a multiple of 64 or the end
  void (*weight_gradient)(const WeightGradient<T>&, Range panels, Range rows);
  void (*bias_gradient)(const WeightGradient<T>&, Range panels);
  // parameters [begin, end) of a flat buffer
  void (*update)(const Update<T>&, const T* gradient, Range parameters);
  void (*shift)(const Update<T>&, T* out, const T* gradient, Range parameters);
  // out = what people see of n weights that a rule trains, or back from these
  void (*convert_weights)(const Update<T>&, T* out, const T* from, bool to_trained, std::size_t n);
  void (*add_weighted)(T* out, const T* so_far, const T* g, T weight, std::size_t n);
  // sum of squares of a block of at most a panel's columns: g mean clipped to the limit, times scale
  T (*square_sum)(const T* g, std::size_t rows, std::size_t stride, std::size_t columns, const Limits<T>&);
  void (*loss)(const LossRows<T>&, Range rows);
  // outputs as the user sees them, from panels to rows of a row-major matrix: probabilities, counts
  void (*outputs)(int loss, T* out, std::size_t row_stride, const Panels<const T>& a, Range rows);
  // sum of n values in the fixed order: panel by panel in lanes, then lanes folded in halves
  T (*sum)(const T* values, std::size_t n);
  // element by element: a = f(z), dz = da f'(z)
  void (*activate)(int activation, T* a, const T* z, std::size_t n);
  void (*activate_backward)(int activation, T* dz, const T* da, const T* z, std::size_t n);
  // a user's matrix: what blocks of rows leave (from a multiple of 64 on), then what follows for all rows of
  // columns, then y by normalize, or dx
  void (*batch_norm_moments)(const BatchNormForward<T>&, Range rows, Range columns);
  void (*batch_norm_statistics)(const BatchNormForward<T>&, Range columns);
  void (*batch_norm_sums)(const BatchNormGradient<T>&, Range rows, Range columns);
  void (*batch_norm_gradients)(const BatchNormGradient<T>&, Range columns);
  void (*batch_norm_input)(const BatchNormGradient<T>&, Range rows, Range columns);
  void (*normalize_layer)(const NormalizedLayer<T>&, Range panels);
  void (*normalize_layer_backward)(const NormalizedGradient<T>&, Range panels);
  // scale = gamma / sqrt(variance + epsilon), for n columns
  void (*batch_norm_scale)(T* scale, const T* gamma, const T* variance, T epsilon, std::size_t n);
  void (*normalize)(const Normalization<T>&, Range rows, Range columns);
  void (*gather_float)(const Gather<T, float>&, Range rows);
  void (*gather_double)(const Gather<T, double>&, Range rows);
  // index of the first value that is not a number or of magnitude above the limit, or n
  std::size_t (*find_beyond)(const T* values, std::size_t n, T limit);
  void (*math[static_cast<int>(MathFunction::count)])(T* out, const T* in, std::size_t n);
};

struct KernelTable {
  const char* name;
  Kernels<float> f32;
  Kernels<double> f64;
  // out[i] = the first half of Philox's block first + i; three words of the counter follow its number
  void (*random_bits)(std::uint64_t* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                      const std::uint32_t* key);
  // out[i] = a value of variance 1 from that block: uniform, or normal
  void (*uniform_values)(double* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                         const std::uint32_t* key);
  void (*normal_values)(double* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                        const std::uint32_t* key);
};

}  // namespace fanin
