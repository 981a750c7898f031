#include "engine/run_start.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint.h"
#include "engine/checkpoint_files.h"

namespace skysense {
namespace fs = std::filesystem;

Resume resume_of(bool asked, const std::map<std::string, std::string>& environment) {
  if (asked) return Resume::kYes;
  for (const char* name : {"TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT"}) {
    const auto found = environment.find(name);
    if (found != environment.end() && !found->second.empty() && found->second != "0") return Resume::kRestarted;
  }
  return Resume::kNo;
}

fs::path checkpoint_to_continue(const fs::path& folder, Resume resume, const std::string& config_yaml,
                                const Ranks& ranks) {
  const fs::path newest =
      text_of_first(ranks, ranks.is_first() ? find_newest_checkpoint(folder).value_or("").string() : "");
  if (newest.empty() || resume == Resume::kYes) return newest;
  if (resume == Resume::kNo) {
    throw DataError(
        fmt::format("{}: holds a run already; continue it with --resume or name another folder", folder.string()));
  }
  if (read_text_file(newest / kConfigFile) != config_yaml) {
    throw DataError(
        fmt::format("{}: holds a run of other settings, and the launcher's new start continues its own alone; continue "
                    "that one with --resume or name another folder",
                    folder.string()));
  }
  return newest;
}

}  // namespace skysense
