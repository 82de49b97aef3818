// The fma in software of kernels/fma.hpp, against the processor's instruction.
#define FANIN_ISA software
#include "kernels/fma.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>

#if defined(__SIZEOF_FLOAT128__)

using fanin::software::software_fma;

namespace {

template <class T>
using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T>
using Limits = std::numeric_limits<T>;

template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<Word<T>>(a) == std::bit_cast<Word<T>>(b);
}

__attribute__((target("fma"))) float instruction(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
__attribute__((target("fma"))) double instruction(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}

// Numbers with any exponent, infinity and NaN among them, and fractions that make ties and long carries
template <class T>
struct Numbers {
  static constexpr int fraction_bits = Limits<T>::digits - 1, largest = 2 * Limits<T>::max_exponent - 1;
  std::mt19937_64 random{1};

  int below(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
  T with(int biased) {
    const Word<T> all = (Word<T>{1} << fraction_bits) - 1, word = static_cast<Word<T>>(random());
    const Word<T> fractions[] = {
        word, 0, all, word % 4, Word<T>{1} << below(fraction_bits), all << below(fraction_bits)};
    const auto exponent = static_cast<Word<T>>(std::clamp(biased, 0, largest));
    const Word<T> sign = static_cast<Word<T>>(below(2)) << (sizeof(T) * 8 - 1);
    return std::bit_cast<T>(
        static_cast<Word<T>>(sign | exponent << fraction_bits | (fractions[below(6)] & all)));
  }
};

template <class T>
void check_random_numbers() {
  Numbers<T> numbers;
  const int one = Limits<T>::max_exponent - 1, bits = Limits<T>::digits, all = numbers.largest + 1;
  int wrong = 0;
  for (int i = 0; i < 200'000; ++i) {
    const int of_a = numbers.below(all);
    int of_b = numbers.below(all), of_c = numbers.below(all);
    if (i % 4 == 1) of_c = of_a + of_b - one + numbers.below(7) - 3;  // the sum cancels
    if (i % 4 == 2) of_c = of_a + of_b - one + numbers.below(4 * bits) - 2 * bits;
    if (i % 4 == 3) {  // the sum is denormal
      of_c = numbers.below(3 * bits);
      of_b = one - of_a + numbers.below(4 * bits) - 2 * bits;
    }
    const T a = numbers.with(of_a), b = numbers.with(of_b);
    const T c = i % 8 == 7 ? -static_cast<T>(a * b) : numbers.with(of_c);
    wrong += !same(software_fma(a, b, c), instruction(a, b, c));
  }
  CHECK(wrong == 0);
}

template <class T>
void check_known_sums() {
  const T one = 1, eps = Limits<T>::epsilon(), least = Limits<T>::denorm_min(), most = Limits<T>::max();
  CHECK(software_fma(one + eps, one + eps, -(one + 2 * eps)) == eps * eps);
  // halfway between two numbers, but for a part that 80 bits do not hold
  CHECK(software_fma(eps / 2, one, one) == one);
  CHECK(software_fma(eps / 2, one + eps, one) == one + eps);
  CHECK(software_fma(-least, least, one + eps) == one + eps);
  CHECK(software_fma(eps / 2 * (1 - eps / 2), one, one + eps) == one + eps);
  CHECK(software_fma(least, T{0.5}, least) == 2 * least);
  CHECK(software_fma(least, T{0.5} - eps, least) == least);
  CHECK(software_fma(most, T{2}, -most) == most);
  CHECK(software_fma(most, T{2}, -Limits<T>::infinity()) == -Limits<T>::infinity());
  CHECK(std::signbit(software_fma(-least, least, T{0})));
  CHECK_FALSE(std::signbit(software_fma(one, one, -one)));
}

}  // namespace

TEST_CASE("software rounds fma once") {
  check_known_sums<float>();
  check_known_sums<double>();
}

TEST_CASE("software computes fma with the bits of the processor's instruction") {
  if (!__builtin_cpu_supports("fma")) return;
  check_random_numbers<float>();
  check_random_numbers<double>();
}

#endif
