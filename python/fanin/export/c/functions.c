/* Functions of layers; see activations.c. */
#include "activations.c"

/* y = x W + start for x[inputs] and W[inputs][units], four rows of W at a time; start[units] may be y. */
static inline void model_dense(const float* x, size_t inputs, const float* w, const float* start,
                               size_t units, float* y) {
  size_t i, j;
  for (j = 0; j < units; ++j) y[j] = start[j];
  for (i = 0; i < inputs % 4; ++i, w += units) {
    for (j = 0; j < units; ++j) y[j] += x[i] * w[j];
  }
  for (; i < inputs; i += 4, w += 4 * units) {
    const float x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
    for (j = 0; j < units; ++j) {
      y[j] += x0 * w[j] + x1 * w[units + j] + x2 * w[2 * units + j] + x3 * w[3 * units + j];
    }
  }
}

/* y = x W' + b for x[units] and W[outputs][units]: the weights of an earlier layer. Four sums at a time. */
static inline void model_tied(const float* x, size_t units, const float* w, const float* b, size_t outputs,
                              float* y) {
  size_t i, j;
  for (j = 0; j < outputs; ++j, w += units) {
    float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
    for (i = 0; i < units % 4; ++i) s0 += x[i] * w[i];
    for (; i < units; i += 4) {
      s0 += x[i] * w[i];
      s1 += x[i + 1] * w[i + 1];
      s2 += x[i + 2] * w[i + 2];
      s3 += x[i + 3] * w[i + 3];
    }
    y[j] = (s0 + s1) + (s2 + s3) + b[j];
  }
}

/* y = (x - centre) scale + shift: an input layer, or a batch norm with its running statistics. y may be x. */
static inline void model_standardize(const float* x, size_t n, const float* centre, const float* scale,
                                     const float* shift, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = (x[i] - centre[i]) * scale[i] + shift[i];
}

/* y = fill where x is missing (NaN). */
static inline void model_fill(const float* x, size_t n, const float* fill, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    if (x[i] != x[i]) y[i] = fill[i];
  }
}

/* y = x / sqrt(1 + (x / 3)^2), between -3 and 3. y may be x. */
static inline void model_squash(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const float third = (x[i] < -1e18f ? -1e18f : x[i] > 1e18f ? 1e18f : x[i]) / 3.0f;
    y[i] = 3.0f * third / sqrtf(1.0f + third * third);
  }
}

/* y[places] = 1 where x[columns] is missing (NaN), else 0, minus a mean. */
static inline void model_indicators(const float* x, const size_t* columns, size_t n, const float* mean,
                                    const size_t* places, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const float value = x[columns[i]];
    y[places[i]] = (value != value ? 1.0f : 0.0f) - mean[i];
  }
}

/* y = scores at u = x - origin, linear between the knots of each column, which end before ends[column]. */
static inline void model_quantiles(const float* x, size_t n, const float* origin, const size_t* ends,
                                   const float* knots, const float* scores, float* y) {
  size_t i, low = 0;
  for (i = 0; i < n; ++i) {
    const float u = x[i] - origin[i];
    size_t high = ends[i] - 1;
    if (u <= knots[low]) {
      high = low;
    } else if (u >= knots[high]) {
      low = high;
    }
    while (low + 1 < high) {
      const size_t middle = (low + high) / 2;
      if (u < knots[middle]) {
        high = middle;
      } else {
        low = middle;
      }
    }
    y[i] = scores[low];
    if (low < high) y[i] += (u - knots[low]) / (knots[high] - knots[low]) * (scores[high] - scores[low]);
    low = ends[i];
  }
}

/* y = min(1, max(0, (u - low) rate)) - mean with u = x[columns]: piecewise-linear codes. */
static inline void model_ramps(const float* x, const size_t* columns, size_t n, const float* low,
                               const float* rate, const float* mean, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const float u = (x[columns[i]] - low[i]) * rate[i];
    y[i] = (u < 0.0f ? 0.0f : u > 1.0f ? 1.0f : u) - mean[i];
  }
}

/* y[places] = 2 min(1, max(0, (u - low) rate)) - 1 - mean with u = x[columns], which have two values. */
static inline void model_sides(const float* x, const size_t* columns, size_t n, const float* low,
                               const float* rate, const float* mean, const size_t* places, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const float u = (x[columns[i]] - low[i]) * rate[i];
    y[places[i]] = 2.0f * (u < 0.0f ? 0.0f : u > 1.0f ? 1.0f : u) - 1.0f - mean[i];
  }
}

/* y[places] = u / sqrt(1 + (u / 3)^2) - mean with u = (x[columns] - median) scale. */
static inline void model_squashed(const float* x, const size_t* columns, size_t n, const float* median,
                                  const float* scale, const float* mean, const size_t* places, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    float u = (x[columns[i]] - median[i]) * scale[i];
    model_squash(&u, 1, &u);
    y[places[i]] = u - mean[i];
  }
}

/* y = -mean, then y[places[i]] += values[i] for each level that its column of x equals. */
static inline void model_levels(const float* x, const size_t* columns, size_t n, const float* levels,
                                const float* values, const size_t* places, const float* mean, size_t outputs,
                                float* y) {
  size_t i;
  for (i = 0; i < outputs; ++i) y[i] = -mean[i];
  for (i = 0; i < n; ++i) {
    if (x[columns[i]] == levels[i]) y[places[i]] += values[i];
  }
}

/* y = the rows x[n] of W[rows][dim], side by side; zeros for numbers outside the table. */
static inline void model_embedding(const float* x, size_t n, const float* w, size_t rows, size_t dim,
                                   float* y) {
  size_t i, k;
  for (i = 0; i < n; ++i, y += dim) {
    const int known = x[i] >= 0.0f && x[i] < (float)rows;
    const float* row = w + (known ? (size_t)x[i] * dim : 0);
    for (k = 0; k < dim; ++k) y[k] = known ? row[k] : 0.0f;
  }
}

/* y = a + b. y may be a or b. */
static inline void model_add(const float* a, const float* b, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

/* x = 0. */
static inline void model_zero(float* x, size_t n) {
  size_t i;
  for (i = 0; i < n; ++i) x[i] = 0.0f;
}

/* A step of a GRU: z[4][units] holds the sums of the gates r and u, then x W and h R of the candidate.
   h = (1 - u) tanh(x W + r (h R)) + u h. */
static inline void model_gru(const float* z, size_t units, float* h) {
  size_t i;
  for (i = 0; i < units; ++i) {
    const float r = model_s(z[i]), u = model_s(z[units + i]);
    const float candidate = tanhf(z[2 * units + i] + r * z[3 * units + i]);
    h[i] = (1.0f - u) * candidate + u * h[i];
  }
}

/* A step of an LSTM: z[4][units] holds the sums of the gates i, f, g, o.
   c = s(f) c + s(i) tanh(g), h = s(o) tanh(c). */
static inline void model_lstm(const float* z, size_t units, float* c, float* h) {
  size_t i;
  for (i = 0; i < units; ++i) {
    const float kept = model_s(z[units + i]) * c[i];
    c[i] = kept + model_s(z[i]) * tanhf(z[2 * units + i]);
    h[i] = model_s(z[3 * units + i]) * tanhf(c[i]);
  }
}
