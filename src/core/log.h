#pragma once

#include <spdlog/spdlog.h>

namespace skysense {

/// Sends human text to stderr, so that stdout carries one JSON line only. `quiet` leaves warnings and errors.
void set_up_log(bool quiet);

}  // namespace skysense
