#include <doctest/doctest.h>

#include <cmath>

#include "base/registry.hpp"
#include "fanin/rules/all.hpp"
#include "lane.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

using Lane = test::Lane<double>;

// The change by a rule in whatever form its constants name
template <class R, int form = 0>
Lane change_of(const typename R::Constants& c, Lane g, Lane second, Lane w, Lane* state) {
  if constexpr (requires { R::forms; }) {
    if constexpr (form + 1 < R::forms) {
      if (c.form != form) return change_of<R, form + 1>(c, g, second, w, state);
    }
    if constexpr (requires { R::second_gradient; }) {
      return R::template step<form>(c, g, second, w, state);
    } else {
      return R::template step<form>(c, g, w, state);
    }
  } else {
    return R::step(c, g, w, state);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("each rule at every size and offset is its equation, and touches nothing else", T, float,
                   double) {
  int place = 0;
  for_each_type(Rules{}, [&](auto entry) {
    using R = typename decltype(entry)::type;
    constexpr T canary = 77;
    const double tolerance = sizeof(T) == 4 ? 2e-6 : 1e-14;
    for (std::size_t n = 0; n <= 35; ++n) {
      for (std::size_t offset = 0; offset < 2; ++offset) {
        const std::size_t stride = n + 8;
        const std::vector<T> fresh = test::fresh_slots<T>(R{}, 1);
        std::vector<T> w(stride, canary), g(stride, canary), second(stride), slots(stride * 8, canary);
        for (std::size_t i = 0; i < n; ++i) {
          w[offset + i] = static_cast<T>(test::uniform(1, i));
          g[offset + i] = static_cast<T>(test::uniform(2, i));
          second[offset + i] = static_cast<T>(test::uniform(3, i));
          for (std::size_t s = 0; s < fresh.size(); ++s) slots[s * stride + offset + i] = fresh[s];
        }
        std::vector<double> expected(w.begin(), w.end());
        std::vector<std::vector<Lane>> state(n);
        for (auto& of_weight : state) {
          for (const double initial : traits_of(R{}).initial) of_weight.push_back(initial);
        }
        for (std::uint64_t t = 1; t <= 3; ++t) {
          const auto constants = R{}.begin(t);
          const Update<T> update{
              place, &constants, w.data() + offset, slots.data() + offset, stride, second.data() + offset};
          kernels<T>().update(update, g.data() + offset, {0, n});
          for (std::size_t i = 0; i < n; ++i) {
            expected[offset + i] += change_of<R>(constants, Lane(g[offset + i]), second[offset + i],
                                                 expected[offset + i], state[i].data())
                                        .v;
          }
        }
        std::size_t wrong = 0, touched = 0;
        for (std::size_t i = 0; i < stride; ++i) {
          const bool inside = i >= offset && i < offset + n;
          wrong += inside && !(std::abs(static_cast<double>(w[i]) - expected[i]) <= tolerance);
          touched += !inside && w[i] != canary;
          for (std::size_t s = 0; s < 8; ++s) {
            touched += (!inside || s >= fresh.size()) && slots[s * stride + i] != canary;
          }
        }
        INFO(R::name, " n ", n, " offset ", offset);
        CHECK(wrong == 0);
        CHECK(touched == 0);
      }
    }
    ++place;
  });
}

TEST_CASE_TEMPLATE("a zero gradient on zero state changes nothing, also with epsilon 0", T, float, double) {
  for_each_type(Rules{}, [](auto entry) {
    using R = typename decltype(entry)::type;
    std::vector<T> w(40, T{1}), g(40, T{0}), slots = test::fresh_slots<T>(R{}, 40);
    R rule;
    if constexpr (requires { rule.epsilon; } && !requires { R::second_gradient; }) rule.epsilon = 0;
    for (std::uint64_t t = 1; t <= 3; ++t) {
      const auto constants = rule.begin(t);
      kernels<T>().update({index_in<R, Rules>, &constants, w.data(), slots.data(), 40, g.data()}, g.data(),
                          {0, 40});
    }
    INFO(R::name);
    for (const T value : w) CHECK(value == 1);
  });
}

TEST_CASE_TEMPLATE("denormal results are stored as zero", T, float, double) {
  const T tiny = std::numeric_limits<T>::min();
  std::vector<T> w(40, tiny), g(40, tiny / 2);
  const auto constants = SGD{1.0}.begin(1);
  kernels<T>().update({index_in<SGD, Rules>, &constants, w.data(), nullptr, 0}, g.data(), {0, 40});
  for (const T value : w) CHECK(value == 0);
}
