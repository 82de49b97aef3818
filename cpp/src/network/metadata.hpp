#pragma once

#include <map>
#include <string>

namespace fanin {

// Throws ValueError where a user's own texts are not in UTF-8, or longer than a file has room for.
void check_metadata(const std::map<std::string, std::string>& metadata);

}  // namespace fanin
