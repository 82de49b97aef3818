// The boundary between the kernels, compiled once per instruction set, and everything else, compiled once.
// A kernel takes views into panels and a range of work; the caller handles threads, checks and allocation.
#pragma once

#include "panels.hpp"

#include "applied.hpp"
#include "coded.hpp"
#include "column_map.hpp"
#include "into.hpp"
#include "normalization.hpp"
#include "recurrence.hpp"
#include "sparse.hpp"

namespace fanin {

// out = f(left right + bias) on users' matrices: out (m, columns) with contiguous rows, left (m, depth),
// right (depth, columns), bias (columns) or null. Without an activation (kNone), the product is stored as it
// is. Denormals in `left` count as 0.
template <class T>
struct Product {
  static constexpr int kNone = -1;
  // How much of the operands is packed at a time: panels of 64 KiB in L3, rows of 2 KiB in L2
  static constexpr std::size_t kPackedPanels = 32, kPackedRows = 2 * kRowBlock;
  // Elements of `memory`, one for each thread: the packed operands and a block of the result
  static constexpr std::size_t kMemory =
      (kPackedPanels * kPanel<T> + kPackedRows) * kDepth<T> + kRowBlock * kPanel<T>;

  T* out;
  std::ptrdiff_t out_stride;
  View<T> left, right;
  std::size_t columns, depth;
  const T* bias;
  int activation;
  std::size_t chunk = kDepth<T>;  // at most; kRowDepth for sums over samples
};

// a = f(x w + bias), (rows, n) from (rows, k) and the first k rows of w; z is kept if the activation's
// derivative needs it. Coded columns add their rows of the table, and sparse ones rows of w.
template <class T>
struct Forward {
  Panels<T> a, z;
  Panels<const T> x, w;
  const T* bias;
  int activation;
  CodedBatch<T> codes = {};
  Panels<const T> table = {}, constants = {};
  SparseBatch<T> sparse = {};
  bool onto = false;  // a holds a part of the sum; without codes
};

// Dropout: one bit for each element, set if it is kept, panel by panel and row by row; and the factor for
// kept elements. Without bits, all are kept.
template <class T>
struct DropoutMask {
  std::uint8_t* bits;
  T scale;

  static constexpr std::size_t kBytes = kPanel<T> / 8;  // for a row of a panel
  __attribute__((always_inline)) std::uint8_t* at(std::size_t row, std::size_t panel,
                                                  std::size_t rows) const {
    return bits == nullptr ? nullptr : bits + (panel * rows + row) * kBytes;
  }
};

// out = scale x where an element is kept, else 0. An element is kept if its 16 random bits are at least
// `dropped`. 8 elements of a row share a block of Philox, with the block's number and these three words as
// its counter. The first row counts as first_row.
template <class T>
struct Drop {
  Panels<T> out;
  Panels<const T> x;
  DropoutMask<T> mask;
  std::uint32_t key[2], counter[3], dropped;
  std::size_t first_row;
};

// Whether the input gradient of a layer reads dy rather than its transpose
template <class T>
constexpr bool few_units(std::size_t units) {
  return units <= kPanel<T> / 2;
}

// The second part of the tangent of dz = da f'(z) in the direction in which z has the tangent rz (Pearlmutter
// 1994): da f''(z) rz, unless rz is null
template <class T>
struct Bend {
  Panels<const T> rz = {}, da = {};
};

// dz = (dy w') f'(z), with dy the gradient (rows, n), dy' its transpose and (z, a) the layer's input before
// dropout. Writes dz (rows, k) and its transpose (k, rows), which may be null, and dy w' if it is to be kept.
// Tangents have a second product, dy2 w2', and a bend.
template <class T>
struct InputGradient {
  Panels<T> dz, dz_transposed;
  Panels<const T> w, dy, dy_transposed, z, a;
  int activation;
  DropoutMask<T> mask;
  Panels<T> kept = {};
  Bend<T> bend = {};
  Panels<const T> w2 = {}, dy2 = {}, dy2_transposed = {};
};

// dz = dy f'(z), the same without weights in between
template <class T>
struct PassedGradient {
  Panels<T> dz, dz_transposed;
  Panels<const T> dy, z, a;
  int activation;
  DropoutMask<T> mask;
  Panels<T> kept = {};
  Bend<T> bend = {};
};

// dw = x' dz, the first rows of weight_rows, db = column sums of dz. If `gradient` is null, the update is
// applied to each block right away. A layer with batch norm has no biases: dgamma and dbeta have been
// computed, and beta is at bias_offset.
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
  std::size_t weight_rows = x.columns;
};

// The same for coded columns, and their table if the update is applied. The rows of column c from bin t on
// are rows[c * stride + i] with fractions[c * stride + i], for i from starts[table + c + t] on.
template <class T>
struct CodedGradient {
  WeightGradient<T> of;
  CodedBatch<T> codes;
  const std::uint32_t *starts, *rows;
  const T *fractions, *centre;
  CodedTables<T> tables;
};

// The same for the rows of w that sparse rows meet. Gradients are multiplied by `factor` and by factors[the
// number of samples that meet the row], unless that is null.
template <class T>
struct SparseGradient {
  WeightGradient<T> of;
  SparseGroups<T> groups;
  const T* factors = nullptr;
  T factor = 1;
};

// The loss for a loss kernel: its place in the list, and its parameter for each output, as one row of panels
template <class T>
struct LossOf {
  int place;
  const T* parameters;
};

// The loss of each row times its weight, and dz = weight * scale * dE/da f'(z) with its transpose (which may
// be null). If dz is null, gradients are skipped. row_score, unless null, receives the score times the
// weight. Targets are labels, or panels if `labels` is null.
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
  Panels<T> kept = {};  // dE/da, unless null
  Bend<T> bend = {};
};

// dz = weight * scale * (d2E/da2 ra) f'(z), with the bend and the transpose of `of`: the tangent of the
// gradient, or without a bend what Gauss and Newton's approximation passes back
template <class T>
struct LossCurvature {
  LossRows<T> of;
  Panels<const T> ra;
};

// Sums over the rows of a batch for each column of a value: five rows of `stride`, see watched.hpp. dz may be
// null.
template <class T>
struct WatchedUnits {
  T* sums;
  std::size_t stride;
  Panels<const T> a, z, dz;
  int activation;
  T flat_below;
};

// Copies rows of a user's matrix, with any strides (in elements), into panels. Without `order`, the rows are
// first, first + 1, ...
template <class T, class S>
struct Gather {
  Panels<T> out;
  const S* data;
  std::ptrdiff_t row_stride, column_stride;
  const std::uint32_t* order;
  std::size_t first;
  ColumnMap map = {};
};

enum class MathFunction : int { exp, expm1, log, log1p, tanh, logistic, erf, cos_pi, count };

template <class T>
struct Kernels {
  // panels of a, rows of a
  void (*forward)(const Forward<T>&, Range panels, Range rows);
  // panels and rows of the result
  void (*product)(const Product<T>&, Range panels, Range rows, T* memory);
  void (*turn)(const Panels<const T>& from, const Panels<T>& to, Range panels);  // to = from'
  void (*recur)(const Recurrence<T>&, Range sequences);
  void (*recur_backward)(const RecurrenceGradient<T>&, Range sequences);
  // panels of dz_transposed (columns are samples), rows of dz_transposed (inputs); multiples of 64 or the end
  void (*input_gradient)(const InputGradient<T>&, Range panels, Range rows);
  void (*pass_gradient)(const PassedGradient<T>&, Range panels);
  void (*drop)(const Drop<T>&, Range panels, Range rows);
  void (*watch_units)(const WatchedUnits<T>&, Range panels);
  // panels of w, rows of w; multiples of 64 or the end
  void (*weight_gradient)(const WeightGradient<T>&, Range panels, Range rows);
  void (*bias_gradient)(const WeightGradient<T>&, Range panels);
  // panels of w, coded columns
  void (*coded_gradient)(const CodedGradient<T>&, Range panels, Range columns);
  void (*coded_tables)(const CodedTables<T>&, const CodedPlace*, const Panels<const T>& w, Range panels,
                       Range columns);
  // buckets of the rows of w that a batch meets
  void (*sparse_gradient)(const SparseGradient<T>&, Range buckets);
  void (*catch_up)(const MissedBy<T>&, const Missed<T>&, std::size_t row);
  // parameters [begin, end) of a flat buffer
  void (*update)(const Update<T>&, const T* gradient, Range parameters);
  void (*shift)(const Update<T>&, T* out, const T* gradient, Range parameters);
  // converts n weights that a rule trains to those shown to users, or back
  void (*convert_weights)(const Update<T>&, T* out, const T* from, bool to_trained, std::size_t n);
  void (*add_weighted)(T* out, const T* so_far, const T* g, T weight, std::size_t n);
  // sum of squares of a block of at most a panel's columns, with the limits applied to g
  T (*square_sum)(const T* g, std::size_t rows, std::size_t stride, std::size_t columns, const Limits<T>&);
  void (*loss)(const LossRows<T>&, Range rows);
  void (*loss_curvature)(const LossCurvature<T>&, Range rows);
  // outputs for the user (probabilities, counts), from panels to a row-major matrix
  void (*outputs)(int loss, T* out, std::size_t row_stride, const Panels<const T>& a, Range rows);
  // sum of n values in a fixed order: panel by panel in lanes, then the lanes folded in halves
  T (*sum)(const T* values, std::size_t n);
  // element by element: a = f(z), dz = da f'(z)
  void (*activate)(int activation, T* a, const T* z, std::size_t n);
  void (*activate_backward)(int activation, T* dz, const T* da, const T* z, std::size_t n);
  // the same for whole vectors whose a is known; and dz += factor rz da f''(z)
  void (*differentiate)(int activation, T* dz, const T* da, const T* z, const T* a, std::size_t n);
  void (*bend)(int activation, T* dz, T factor, const T* rz, const T* da, const T* z, const T* a,
               std::size_t n);
  // a user's matrix: first the sums of blocks of rows (from a multiple of 64), then the statistics or
  // gradients of columns, then y by normalize, or dx
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
  // index of the first value that is NaN or of magnitude above the limit, or n
  std::size_t (*find_beyond)(const T* values, std::size_t n, T limit);
  void (*math[static_cast<int>(MathFunction::count)])(T* out, const T* in, std::size_t n);
};

struct KernelTable {
  const char* name;
  Kernels<float> f32;
  Kernels<double> f64;
  // out[i] = the first half of Philox's block first + i; the counter is the block's number and three words
  void (*random_bits)(std::uint64_t* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                      const std::uint32_t* key);
  // see input_moments.hpp; without and with missing values, NaN
  void (*moments_of_floats[2])(double* weight, double* mean, double* squares, const float* x,
                               std::ptrdiff_t stride, const double* shift, const double* row_weight,
                               std::size_t rows, std::size_t n);
  void (*moments_of_doubles[2])(double* weight, double* mean, double* squares, const double* x,
                                std::ptrdiff_t stride, const double* shift, const double* row_weight,
                                std::size_t rows, std::size_t n);
  void (*to_doubles)(double* out, const float* in, std::size_t n);
  // values with variance 1 from n blocks, one uniform value or two normal ones from each
  void (*uniform_values)(double* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                         const std::uint32_t* key);
  void (*normal_pairs)(double* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                       const std::uint32_t* key);
};

}  // namespace fanin
