#include "core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace skysense {

void set_up_log(bool quiet) {
  spdlog::drop("skysense");
  const auto logger = spdlog::stderr_color_mt("skysense");
  logger->set_pattern("%^%v%$");
  logger->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  spdlog::set_default_logger(logger);
}

}  // namespace skysense
