#pragma once

#include <string>

namespace skysense {

/// Whether a sample belongs to the held-out part: decided by its id alone (a hash), so that adding or removing samples
/// moves no other one. `share` of all samples is held out on average.
bool is_held_out(const std::string& id, double share);

}  // namespace skysense
