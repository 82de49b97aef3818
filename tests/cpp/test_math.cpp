// The elementary functions of kernels/math.hpp on the instruction set in use, against the C library in the
// next higher precision. FANIN_EXHAUSTIVE=1 in the environment tests all 2^32 floats in about ten minutes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "base/registry.hpp"
#include "kernels/table.hpp"

namespace {

using fanin::MathFunction;

template <class T>
using ArrayFunction = void (*)(T* out, const T* in, std::size_t n);

template <class T>
ArrayFunction<T> kernel(MathFunction function) {
  return fanin::kernels<T>().math[static_cast<int>(function)];
}

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
template <class T>
using Word = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
template <class T>
using Limits = std::numeric_limits<T>;

template <class T>
struct MathCase {
  std::string name;
  ArrayFunction<T> f;
  Wide<T> (*exact)(Wide<T>);
  T from, to;            // the range in which the function is not constant
  T least, most;         // bounds of all results
  std::uint64_t digest;  // of results between from and to, the same on every instruction set
};

template <class W>
W exact_cos_pi(W x) {
  const W pi = static_cast<W>(3.14159265358979323846264338327950288L), c = std::fabs(std::remainder(x, W{2}));
  return c < 0.25 ? std::cos(pi * c) : c > 0.75 ? -std::cos(pi * (1 - c)) : std::sin(pi * (W{0.5} - c));
}

template <class T>
std::vector<MathCase<T>> math_cases() {
  constexpr bool f32 = std::is_same_v<T, float>;
  constexpr T inf = Limits<T>::infinity(), low = f32 ? T(-87) : T(-708), high = f32 ? T(88) : T(709);
  using W = Wide<T>;
  return {
      {"exp", kernel<T>(MathFunction::exp), [](W x) { return std::exp(x); }, low, high, 0, inf,
       f32 ? 0xd13d641cb3b1b155 : 0xda88bd6b203f0848},
      {"expm1", kernel<T>(MathFunction::expm1), [](W x) { return std::expm1(x); }, -4, 4, -1, inf,
       f32 ? 0xe522841d8606814b : 0xe73303572c361601},
      {"log", kernel<T>(MathFunction::log), [](W x) { return std::log(x); }, 0, 4, -inf, inf,
       f32 ? 0xaae4b75a2ed314ef : 0x7a053df0e3acf068},
      {"log1p", kernel<T>(MathFunction::log1p), [](W x) { return std::log1p(x); }, -1, 4, -inf, inf,
       f32 ? 0x9e4214ff8cd6797a : 0x7b0cdc97d088cb10},
      {"tanh", kernel<T>(MathFunction::tanh), [](W x) { return std::tanh(x); }, -3, 3, -1, 1,
       f32 ? 0x682e6018a3ce6105 : 0xc964b6f5f3b86c0d},
      {"logistic", kernel<T>(MathFunction::logistic), [](W x) { return 1 / (1 + std::exp(-x)); }, low, 40, 0,
       1, f32 ? 0xfe546f6270929d11 : 0x9e4f502bfb990baf},
      {"erf", kernel<T>(MathFunction::erf), [](W x) { return std::erf(x); }, -4, 4, -1, 1,
       f32 ? 0x72bbcfe1e7dc178c : 0xee706fad9d047739},
      {"cos_pi", kernel<T>(MathFunction::cos_pi), exact_cos_pi<W>, -4, 4, -1, 1,
       f32 ? 0xc011e86ebdb67d1b : 0xbe376fd358bd1ef0},
  };
}

template <class T>
T value_of(const std::string& name, T x) {
  T y;
  for (const MathCase<T>& c : math_cases<T>()) {
    if (c.name == name) return c.f(&y, &x, 1), y;
  }
  throw std::invalid_argument(name);
}

// The same number, including the sign of zero, or NaN as expected
template <class T>
void check_same(const std::string& name, T x, T expected) {
  const T y = value_of(name, x);
  INFO(name, "(", x, ") is ", y, ", not ", expected);
  CHECK(std::isnan(y) == std::isnan(expected));
  if (!std::isnan(expected)) CHECK((y == expected && std::signbit(y) == std::signbit(expected)));
}

template <class To, class From>
To bit_copy(From a) {
  static_assert(sizeof(To) == sizeof(From));
  To b;
  std::memcpy(&b, &a, sizeof(b));
  return b;
}

template <class T>
bool denormal(T x) {
  return std::fpclassify(x) == FP_SUBNORMAL;
}

// The error of y in units of the exact result's last place; a denormal result may be 0
template <class T>
double ulps(T y, Wide<T> exact) {
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : HUGE_VAL;
  if (std::isinf(exact) || std::isinf(y)) {
    return std::isinf(y) && std::fabs(exact) > Limits<T>::max() && (y > 0) == (exact > 0) ? 0 : HUGE_VAL;
  }
  if (std::fabs(exact) < Limits<T>::min() && y == 0) return 0;
  const int exponent =
      std::max(exact == 0 ? Limits<T>::min_exponent : std::ilogb(exact), Limits<T>::min_exponent - 1);
  return static_cast<double>(std::ldexp(std::fabs(Wide<T>{y} - exact), Limits<T>::digits - 1 - exponent));
}

struct Worst {
  double error = 0, x = 0;
  std::size_t out_of_range = 0;
};

template <class T>
void look_at(const MathCase<T>& c, const std::vector<T>& x, std::vector<T>& y, Worst& worst) {
  y.resize(x.size());
  c.f(y.data(), x.data(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (denormal(x[i])) continue;
    const double error = ulps(y[i], c.exact(x[i]));
    if (!(error <= worst.error)) worst.error = error, worst.x = x[i];
    worst.out_of_range += y[i] < c.least || y[i] > c.most;
  }
}

// If long double is no wider than double, the C library's own error is added
template <class T>
constexpr double kAllowed = Limits<Wide<T>>::digits > Limits<T>::digits ? 2 : 3;

template <class T>
void check(const MathCase<T>& c, const Worst& worst) {
  INFO(c.name, " is wrong by ", worst.error, " ulp at ", worst.x);
  CHECK(worst.error <= kAllowed<T>);
  CHECK(worst.out_of_range == 0);
}

}  // namespace

TEST_CASE("float functions are within 2 ulp over the whole range") {
  const char* all = std::getenv("FANIN_EXHAUSTIVE");
  const std::uint64_t stride = all != nullptr && *all == '1' ? 1 : 4591;
  for (const auto& c : math_cases<float>()) {
    Worst worst;
    std::vector<float> x(4096), y;
    for (std::uint64_t begin = 0; begin < std::uint64_t{1} << 32; begin += stride * x.size()) {
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = bit_copy<float>(static_cast<std::uint32_t>(begin + i * stride));
      look_at(c, x, y, worst);
    }
    check(c, worst);
  }
}

TEST_CASE(
    "double functions are within 2 ulp: any bits, the region of curvature, and around each power of 2") {
  for (const auto& c : math_cases<double>()) {
    Worst worst;
    std::mt19937_64 random(1);
    std::vector<double> x(400000), y;
    for (double& v : x) v = bit_copy<double>(random());
    look_at(c, x, y, worst);
    const double step = (c.to - c.from) / static_cast<double>(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = c.from + step * static_cast<double>(i);
    look_at(c, x, y, worst);
    for (double& v : x)
      v = std::ldexp(static_cast<double>(random() >> 11), -54) * (random() % 2 ? 1.5 : -1.5);
    look_at(c, x, y, worst);
    x.clear();
    for (int e = -1022; e <= 1023; ++e) {
      for (int ulp = -32; ulp <= 32; ++ulp) {
        const double power = std::ldexp(1.0, e);
        x.push_back(power * (1 + ulp * 0x1p-52));
        x.push_back(-power * (1 + ulp * 0x1p-52));
      }
    }
    look_at(c, x, y, worst);
    check(c, worst);
  }
}

TEST_CASE_TEMPLATE("special values are exact, including signs of zero", T, float, double) {
  const T inf = Limits<T>::infinity(), nan = Limits<T>::quiet_NaN(), most = Limits<T>::max();
  const T arguments[] = {0, -T(0), inf, -inf, most, -most};
  const struct {
    const char* name;
    T results[6];
  } rows[] = {
      {"exp", {1, 1, inf, 0, inf, 0}},
      {"expm1", {0, -T(0), inf, -1, inf, -1}},
      {"log", {-inf, -inf, inf, nan, std::log(most), nan}},
      {"log1p", {0, -T(0), inf, nan, std::log(most), nan}},
      {"tanh", {0, -T(0), 1, -1, 1, -1}},
      {"logistic", {T(0.5), T(0.5), 1, 0, 1, 0}},
      {"erf", {0, -T(0), 1, -1, 1, -1}},
      {"cos_pi", {1, 1, nan, nan, 1, 1}},
  };
  for (const auto& row : rows) {
    for (int i = 0; i < 6; ++i) check_same(row.name, arguments[i], row.results[i]);
    check_same(row.name, nan, nan);
    check_same(row.name, -nan, nan);
  }
  check_same<T>("log", 1, 0);
  check_same<T>("log", -1, nan);
  check_same<T>("log", -Limits<T>::min(), nan);
  check_same<T>("log", Limits<T>::denorm_min(), -inf);
  check_same<T>("log1p", -1, -inf);
  check_same<T>("log1p", -2, nan);
}

TEST_CASE_TEMPLATE("near 0, expm1, log1p and tanh return their argument", T, float, double) {
  for (const std::string name : {"expm1", "log1p", "tanh"}) {
    for (T x = Limits<T>::epsilon() / 8; x >= Limits<T>::min(); x /= 7) {
      INFO(name, " at ", x);
      CHECK(value_of(name, x) == x);
      CHECK(value_of(name, -x) == -x);
    }
  }
}

TEST_CASE_TEMPLATE("exp and expm1 overflow at ln(largest), exp and logistic vanish below ln(smallest normal)",
                   T, float, double) {
  const T inf = Limits<T>::infinity();
  const Wide<T> bound = std::log(Wide<T>{Limits<T>::max()});
  T last = static_cast<T>(bound);
  if (Wide<T>{last} > bound) last = std::nextafter(last, T(0));
  const T first = std::nextafter(static_cast<T>(std::log(Wide<T>{Limits<T>::min()})), T(0));
  T x = last;
  for (int i = 0; i < 100; ++i, x = std::nextafter(x, -inf)) {
    for (const std::string name : {"exp", "expm1"}) {
      CHECK(value_of(name, x) <= Limits<T>::max());
      CHECK(value_of(name, x) >= value_of(name, std::nextafter(x, -inf)));
    }
  }
  CHECK(value_of("exp", last + 4 * Limits<T>::epsilon() * last) == inf);
  CHECK(value_of("expm1", last + 4 * Limits<T>::epsilon() * last) == inf);
  for (const std::string name : {"exp", "logistic"}) {
    CHECK(value_of(name, first) >= Limits<T>::min());
    CHECK(value_of(name, first) <= Limits<T>::min() * (1 - 4 * Limits<T>::epsilon() * first));
    CHECK(value_of(name, first + 4 * Limits<T>::epsilon() * first) == 0);
  }
}

TEST_CASE_TEMPLATE("cos_pi is exact at halves and even", T, float, double) {
  for (int i = 0; i < 1000; ++i) {
    const T x = static_cast<T>(i) / 2;
    CHECK(value_of("cos_pi", x) == (i % 2 ? 0 : i % 4 ? -1 : 1));
    const T y = x + static_cast<T>(i) / 2048;
    CHECK(value_of("cos_pi", y) == value_of("cos_pi", -y));
    CHECK(value_of("cos_pi", y) == value_of("cos_pi", y + 2));
  }
}

TEST_CASE_TEMPLATE(
    "a result depends on neither the position in the array nor its length, and nothing else is written", T,
    float, double) {
  for (const auto& c : math_cases<T>()) {
    std::vector<T> x(80), y(80), whole(80);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(0.1) + static_cast<T>(i) / 32;
    c.f(whole.data(), x.data(), x.size());
    std::size_t wrong = 0;
    for (std::size_t begin = 0; begin < 2; ++begin) {
      for (std::size_t n = 0; begin + n < x.size(); ++n) {
        y.assign(y.size(), T(7));
        c.f(y.data() + begin, x.data() + begin, n);
        for (std::size_t i = 0; i < y.size(); ++i)
          wrong += y[i] != (i >= begin && i < begin + n ? whole[i] : T(7));
      }
    }
    INFO(c.name);
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("results are the same bits on every instruction set", T, float, double) {
  for (const auto& c : math_cases<T>()) {
    std::mt19937_64 random(7);
    std::vector<T> x(1 << 16), y(x.size());
    for (T& v : x) v = c.from + (c.to - c.from) * (static_cast<T>(random() >> 44) / T(1 << 20));
    c.f(y.data(), x.data(), x.size());
    std::uint64_t digest = 14695981039346656037u;  // FNV-1a on words
    for (const T v : y) digest = (digest ^ (denormal(v) ? 0 : bit_copy<Word<T>>(v))) * 1099511628211u;
    INFO(c.name, ": if results were meant to change, the new digest is ", digest);
    CHECK(digest == c.digest);
  }
}
