// Whether the columns of an encoder agree with themselves; they may come from a file.
#pragma once

#include <vector>

#include "fanin/table_columns.hpp"

namespace fanin {

// Throws ValueError
void check_columns(const std::vector<TableColumn>& columns);
void check_cells(const Cells& cells);

}  // namespace fanin
