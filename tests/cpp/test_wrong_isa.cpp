// FANIN_ISA names an instruction set this processor does not support; ctest sets it for this file only.
#include <doctest/doctest.h>

#include <vector>

#include "fanin/error.hpp"
#include "fanin/fanin.hpp"

using namespace fanin;

TEST_CASE("a wrong FANIN_ISA throws an exception that can be caught, even from functions that run a team") {
  constexpr std::size_t rows = 4000, columns = 300;
  const std::vector<float> in(rows * columns, 1);
  std::vector<float> out(rows * columns), mean(columns), variance(columns), offset(columns);
  const std::span<const float> of_columns(in.data(), columns);
  const auto x = row_major(in.data(), rows, columns), w = row_major(in.data(), columns, columns);
  const auto y = row_major(out.data(), rows, columns);

  const char* const words = "FANIN_ISA: expected one of ";
  const auto refuses = [&](auto&& call) {
    CHECK_THROWS_WITH_AS(call(), doctest::Contains(words), ValueError);
  };
  refuses([&] { dense<float>(y, x, w, of_columns); });
  refuses([&] { activate<float>(activation<Relu>, out, in); });
  refuses([&] { batch_norm<float>(y, mean, variance, offset, x, of_columns, of_columns, 1e-5); });
  refuses([&] { batch_norm_inference<float>(y, x, of_columns, of_columns, of_columns, of_columns, 1e-5); });
  refuses([&] { loss_outputs<float>(SoftmaxCrossEntropy{}, y, x); });
  Optimizer<float> optimizer(SGD{0.1}, {out});
  refuses([&] { optimizer.step({in}); });
  refuses([&] { Network<float>(2, {{1}}, SquaredError{}); });
}
