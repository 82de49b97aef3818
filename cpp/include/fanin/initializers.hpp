// Initial weights: mean zero and a variance scaled by the fan, so that the variance of a unit's input does
// not grow with its number of inputs. The textbook's "small random weights" are symmetric about zero (not
// rand's 0..1), and the scale is 1 / sqrt(fan-in), not sqrt(fan-in). Biases start at zero.
#pragma once

#include "fanin/list.hpp"

namespace fanin {

// The activation's own choice: normal, variance fan_in_variance / n_in.
struct Automatic {
  static constexpr const char* name = "auto";
  static constexpr bool uniform = false;
  static double variance(double n_in, double, double fan_in_variance) { return fan_in_variance / n_in; }
};

// He et al. 2015, for relu: 2 / n_in
struct HeNormal {
  static constexpr const char* name = "he_normal";
  static constexpr bool uniform = false;
  static double variance(double n_in, double, double) { return 2 / n_in; }
};
struct HeUniform : HeNormal {
  static constexpr const char* name = "he_uniform";
  static constexpr bool uniform = true;
};

// Glorot and Bengio 2010: 2 / (n_in + n_out)
struct GlorotNormal {
  static constexpr const char* name = "glorot_normal";
  static constexpr bool uniform = false;
  static double variance(double n_in, double n_out, double) { return 2 / (n_in + n_out); }
};
struct GlorotUniform : GlorotNormal {
  static constexpr const char* name = "glorot_uniform";
  static constexpr bool uniform = true;
};

// LeCun et al. 1998: 1 / n_in
struct LecunNormal {
  static constexpr const char* name = "lecun_normal";
  static constexpr bool uniform = false;
  static double variance(double n_in, double, double) { return 1 / n_in; }
};
struct LecunUniform : LecunNormal {
  static constexpr const char* name = "lecun_uniform";
  static constexpr bool uniform = true;
};

struct Zeros {
  static constexpr const char* name = "zeros";
  static constexpr bool uniform = false;
  static double variance(double, double, double) { return 0; }
};

using Initializers =
    List<Automatic, HeNormal, HeUniform, GlorotNormal, GlorotUniform, LecunNormal, LecunUniform, Zeros>;

// An initializer chosen at run time: its place in the list.
enum class Initializer : int {};

template <class I>
inline constexpr Initializer initializer = Initializer{index_in<I, Initializers>};

}  // namespace fanin
