// How parts of a whole gradient are added up.
#pragma once

namespace fanin {

// What is stored as the whole gradient: that of these rows alone, or added to that of the rows before them in
// the batch (a multiple of kRowDepth), or a weighted sum over batches
enum class Into { alone, continued, first_of_sum, next_of_sum };
// How another part of the same gradient is added
constexpr Into onto(Into into) {
  return into == Into::alone ? Into::continued : into == Into::first_of_sum ? Into::next_of_sum : into;
}

}  // namespace fanin
