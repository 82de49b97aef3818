#pragma once

#include <map>
#include <string>

#include "fanin/network.hpp"

namespace fanin {

// Each throws ValueError if texts are not UTF-8, or too long for a file.
void check_metadata(const std::map<std::string, std::string>& metadata);
void check_column_names(const ColumnNames& names, std::size_t inputs, std::size_t outputs);

}  // namespace fanin
