#include <nlohmann/json.hpp>

#include "app/verbs.h"

namespace skysense::app {

void add_info(CLI::App& program) {
  auto* verb = program.add_subcommand("info", "Describe a preset or a checkpoint: parameters, cost, memory");
  verb->footer("Example: skysense info --preset v2 --paper");
  verb->callback([] { print_result({{"version", SKYSENSE_VERSION}}); });
}

}  // namespace skysense::app
