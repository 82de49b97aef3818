/* Functions of each element. A header has those that it needs, with its name in place of "model". */
#include <math.h>
#include <stddef.h>

/* y = x. y may be x. */
static inline void model_identity(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i];
}

/* 1 / (1 + e^-z). */
static inline float model_s(float z) {
  return 1.0f / (1.0f + expf(-z));
}

/* y = 1 / (1 + e^-x). y may be x. */
static inline void model_logistic(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = model_s(x[i]);
}

/* y = tanh x. y may be x. */
static inline void model_tanh(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = tanhf(x[i]);
}

/* y = max(0, x). y may be x. */
static inline void model_relu(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i] <= 0.0f ? 0.0f : x[i];
}

/* y = tanh(x / 2). y may be x. */
static inline void model_symmetric_logistic(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = tanhf(0.5f * x[i]);
}

/* y = x for x > 0, else x / 100. y may be x. */
static inline void model_leaky_relu(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i] <= 0.0f ? 0.01f * x[i] : x[i];
}

/* y = x for x > 0, else e^x - 1. y may be x. */
static inline void model_elu(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i] <= 0.0f ? expm1f(x[i]) : x[i];
}

/* y = l x for x > 0, else l a (e^x - 1). y may be x. */
static inline void model_selu(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i] <= 0.0f ? 1.75809934f * expm1f(x[i]) : 1.05070099f * x[i];
}

/* y = log(1 + e^x). y may be x. */
static inline void model_softplus(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = (x[i] <= 0.0f ? 0.0f : x[i]) + log1pf(expf(-fabsf(x[i])));
}

/* y = x / (1 + |x|). y may be x. */
static inline void model_softsign(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i] / (1.0f + fabsf(x[i]));
}

/* y = x Phi(x), with the normal distribution function Phi. y may be x. */
static inline void model_gelu(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = 0.5f * x[i] * erfcf(-0.707106781f * x[i]);
}

/* y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. y may be x. */
static inline void model_gelu_tanh(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const float u = x[i] < -30.0f ? -30.0f : x[i] > 30.0f ? 30.0f : x[i];
    y[i] = x[i] * (0.5f + 0.5f * tanhf(u * (0.797884561f + 0.0356774081f * u * u)));
  }
}

/* y = x / (1 + e^-x). y may be x. */
static inline void model_silu(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i] * model_s(x[i]);
}

/* y = x tanh(log(1 + e^x)) = x u / (u + 2), u = e^x (e^x + 2). y may be x. */
static inline void model_mish(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const float e = expf(x[i] > 20.0f ? 20.0f : x[i]), u = e * (e + 2.0f);
    y[i] = x[i] * (u / (u + 2.0f));
  }
}

/* y = x / 6 + 1/2, between 0 and 1. y may be x. */
static inline void model_hard_sigmoid(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = x[i] <= -3.0f ? 0.0f : x[i] >= 3.0f ? 1.0f : (x[i] + 3.0f) / 6.0f;
}

/* y = e^x. y may be x. */
static inline void model_exp(const float* x, size_t n, float* y) {
  size_t i;
  for (i = 0; i < n; ++i) y[i] = expf(x[i]);
}

/* y = e^x / sum of e^x, without overflow. y may be x. */
static inline void model_softmax(const float* x, size_t n, float* y) {
  float largest = x[0], sum = 0.0f;
  size_t i;
  for (i = 1; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  for (i = 0; i < n; ++i) sum += y[i] = expf(x[i] - largest);
  for (i = 0; i < n; ++i) y[i] /= sum;
}
