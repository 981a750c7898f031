#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/ranks.h"

namespace skysense {

/// What becomes of a run that its folder holds already.
enum class Resume {
  kNo,         ///< it stays as it is: a refusal
  kYes,        ///< it goes on, with the settings given now
  kRestarted,  ///< it goes on where the settings are its own; else a refusal
};

/// kYes where the user asked for it. kRestarted where a launcher started the same command again: torchrun after a
/// failure (TORCHELASTIC_RESTART_COUNT), Slurm after it requeued the job (SLURM_RESTART_COUNT).
Resume resume_of(bool asked, const std::map<std::string, std::string>& environment);

/// The checkpoint that the run in `folder` goes on from, the same for all ranks: its newest whole one, or nothing where
/// it has none and begins. `config_yaml` is what the run writes to folder/config.yaml. Throws DataError for a refusal.
std::filesystem::path checkpoint_to_continue(const std::filesystem::path& folder, Resume resume,
                                             const std::string& config_yaml, const Ranks& ranks);

}  // namespace skysense
