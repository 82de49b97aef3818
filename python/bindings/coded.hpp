// Coded rows of a table, with memory of their own.
#pragma once

#include <memory>

#include "fanin/coded_rows.hpp"
#include "register.hpp"

// Never changes after it was made, so that a view needs no copy.
struct PyCodedRows {
  fanin::CodedTable table;
};
