// Shared by the free functions on row-major arrays: checks, memory, and conversion to and from panels.
#pragma once

#include <algorithm>
#include <string>

#include "base/field_check.hpp"
#include "data/checks.hpp"
#include "data/gather.hpp"
#include "data/operands.hpp"
#include "fanin/functional.hpp"
#include "team/scratch.hpp"
#include "team/team.hpp"

namespace fanin {

// f(rows) for this thread's part of the rows
template <class F>
void for_rows(Member member, std::size_t rows, F&& f) {
  const Range share = Share(member.thread, member.threads, 1).take(rows, 1);
  if (share.begin < share.end) f(share);
}

inline void check_activation(Activation activation) { FieldCheck{}("activation", activation); }

}  // namespace fanin
