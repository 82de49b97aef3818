#pragma once

#include <map>
#include <string>

#include "fanin/network.hpp"

namespace fanin {

// Each throws ValueError where texts are not in UTF-8, or longer than a file has room for.
void check_metadata(const std::map<std::string, std::string>& metadata);
void check_column_names(const ColumnNames& names, std::size_t inputs, std::size_t outputs);

}  // namespace fanin
