// Rows of a table in coded form: the kind of samples that a first dense layer reads by rows of its weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#pragma GCC visibility push(default)
namespace fanin {

// A coded column stands for `size` columns of the samples.
//   piecewise: in bin t with fraction f in [0, 1], it is 1 before column t, f in column t and 0 after it, the
//              piecewise-linear code of Gorishniy et al. (2022)
//   level:     in bin t, it is 1 in column t and 0 elsewhere; in bin `size`, 0 everywhere
enum class Coding : std::uint8_t { piecewise, level };
constexpr const char* name_of(Coding coding) { return coding == Coding::piecewise ? "piecewise" : "level"; }
struct CodedColumn {
  Coding coding = Coding::piecewise;
  std::uint32_t size = 0;
};

// A view. The first columns of the samples are dense, those of the coded columns follow, with `centre`
// subtracted.
struct CodedRows {
  static constexpr std::size_t kMostBins = 65535;  // of a column

  std::size_t rows = 0, columns = 0;  // of the samples: dense ones, then the sum of sizes
  std::size_t dense_columns = 0;
  std::span<const float> dense;         // (rows, dense_columns), row-major
  std::span<const std::uint16_t> bins;  // (rows, coded columns), row-major
  std::span<const float> fractions;     // the same; not read for levels
  std::span<const CodedColumn> coded;
  std::span<const float> centre;  // one for each column after the dense ones
};

// The same with memory of its own
struct CodedTable {
  std::size_t rows = 0, dense_columns = 0;
  std::vector<float> dense;
  std::vector<std::uint16_t> bins;
  std::vector<float> fractions;
  std::vector<CodedColumn> coded;
  std::vector<float> centre;

  CodedRows view() const {
    return {rows, dense_columns + centre.size(), dense_columns, dense, bins, fractions, coded, centre};
  }
  // A copy of these rows; they must exist.
  CodedTable take(std::span<const std::int64_t> which) const;
};

// Throws ValueError unless all arrays fit together, bins exist, and fractions are in [0, 1].
void check(const CodedRows& rows);

}  // namespace fanin

#pragma GCC visibility pop
