#include "engine/checkpoint.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint_files.h"
#include "engine/weights.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "checkpoints";
constexpr const char* kModelLink = "model";
constexpr const char* kBestLink = "best";

fs::path checkpoint_path(const fs::path& run, int64_t step) { return run / kFolder / fmt::format("step-{}", step); }

/// N of a folder named step-N, else -1.
int64_t step_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (!name.starts_with("step-")) return -1;
  int64_t step = -1;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 5, end, step);
  return error == std::errc() && stop == end ? step : -1;
}

/// The run's checkpoint folders, whole or not, newest first.
std::vector<fs::path> list_checkpoints(const fs::path& run) {
  std::vector<fs::path> folders;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(run / kFolder, absent)) {
    if (entry.is_directory() && step_of(entry.path()) >= 0) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end(),
            [](const fs::path& a, const fs::path& b) { return step_of(a) > step_of(b); });
  return folders;
}

/// What is wrong with a checkpoint; empty where nothing is.
std::string fault_of(const fs::path& checkpoint) {
  try {
    check_checkpoint(checkpoint);
    return "";
  } catch (const DataError& error) {
    return error.what();
  }
}

/// RUN/model -> checkpoints/step-N, replaced in one step: a reader finds the old one or the new one.
void point_link(const fs::path& run, const char* link, const fs::path& checkpoint) {
  const fs::path temporary = run / fmt::format(".{}.{}.tmp", link, ::getpid());
  fs::remove(temporary);
  fs::create_directory_symlink(fs::path(kFolder) / checkpoint.filename(), temporary);
  fs::rename(temporary, run / link);
  sync_to_disk(run);
}

/// Renamed first, so that a removal cut short leaves nothing that looks like a checkpoint.
void remove_checkpoint(const fs::path& folder) {
  const fs::path doomed = folder.parent_path() / fmt::format(".{}.{}.tmp", folder.filename().string(), ::getpid());
  fs::rename(folder, doomed);
  fs::remove_all(doomed);
}

/// What a process that was killed has left of a checkpoint: of a large model, as much as the disk may have room for.
void remove_leftovers(const fs::path& run) {
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(run / kFolder, absent)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".step-") && name.find(".tmp") != std::string::npos) fs::remove_all(entry.path());
  }
}

/// `action` with what the file system refuses as a DataError.
template <class Action>
void on_disk(Action&& action) {
  try {
    action();
  } catch (const fs::filesystem_error& error) {
    throw DataError(fmt::format("{}: {}", error.path1().string(), error.code().message()));
  }
}

}  // namespace

void CheckpointOptions::describe(OptionFields& fields) {
  fields("keep", keep, "newest checkpoints that stay on disk").at_least(1);
  fields("optimizer_file_bytes", optimizer_file_bytes, "size at which optimiser state is split into several files")
      .at_least(1);
}

fs::path write_checkpoint(const fs::path& run, const std::string& config_yaml, const SensorContracts& contracts,
                          const RunState& state, const RunTensors& tensors, const CheckpointOptions& options,
                          const Ranks& ranks, const std::map<std::string, std::string>& documents) {
  const fs::path folder = checkpoint_path(run, state.step);
  const std::string optimizer_name =
      ranks.size() == 1 ? kOptimizerName : fmt::format("{}-rank-{:05}", kOptimizerName, ranks.rank());
  const auto write_share = [&](const fs::path& temporary) {
    save_split_tensors(temporary, optimizer_name, tensors.optimizer, options.optimizer_file_bytes);
    ranks.wait_for_all();
  };
  on_disk([&] {
    if (!ranks.is_first()) {
      write_share(text_of_first(ranks, ""));
      return;
    }
    remove_leftovers(run);
    write_folder_atomically(folder, [&](const fs::path& temporary) {
      text_of_first(ranks, temporary.string());
      write_file_atomically(temporary / kConfigFile, config_yaml);
      write_file_atomically(temporary / kContractFile, contracts_to_json(contracts).dump(2) + "\n");
      for (const auto& [name, text] : documents) write_file_atomically(temporary / name, text);
      save_tensors(temporary / kStudentFile, tensors.student);
      save_tensors(temporary / kTeacherFile, tensors.teacher);
      if (!tensors.extra.empty()) save_tensors(temporary / kExtraFile, tensors.extra);
      write_share(temporary);
      write_state_file(temporary, state);
    });
    point_link(run, kModelLink, folder);
    prune_checkpoints(run, options.keep);
  });
  ranks.wait_for_all();
  return folder;
}

void mark_best(const fs::path& run, const fs::path& checkpoint) {
  on_disk([&] { point_link(run, kBestLink, checkpoint); });
}

void check_checkpoint(const fs::path& checkpoint) {
  const StateFile state = read_state_file(checkpoint);
  for (const auto& [name, bytes] : state.files) check_file_size(checkpoint, state, name);
  for (const char* name : {kConfigFile, kContractFile, kStudentFile, kTeacherFile})
    check_file_size(checkpoint, state, name);
}

RunState read_checkpoint(const fs::path& checkpoint, RunTensors tensors, const Ranks& ranks) {
  check_checkpoint(checkpoint);
  const StateFile state = read_state_file(checkpoint);
  if (tensors.extra.empty() == state.files.contains(kExtraFile)) {
    throw DataError(fmt::format("{}: has {} {}; it belongs to a run with another config", checkpoint.string(),
                                tensors.extra.empty() ? "an unexpected" : "no", kExtraFile));
  }
  load_tensors_into(checkpoint / kStudentFile, tensors.student);
  load_tensors_into(checkpoint / kTeacherFile, tensors.teacher);
  load_tensors_into(optimizer_files(checkpoint, state), tensors.optimizer,
                    {.only_prefixes = {}, .others_allowed = ranks.size() > 1});
  if (!tensors.extra.empty()) load_tensors_into(checkpoint / kExtraFile, tensors.extra);
  return state.run;
}

RunState read_run_state(const fs::path& checkpoint) { return read_state_file(checkpoint).run; }

std::optional<fs::path> find_newest_checkpoint(const fs::path& run) {
  for (const fs::path& folder : list_checkpoints(run)) {
    const std::string fault = fault_of(folder);
    if (fault.empty()) return folder;
    spdlog::warn("passing over a checkpoint that is not whole: {}", fault);
  }
  return std::nullopt;
}

void prune_checkpoints(const fs::path& run, int64_t keep) {
  on_disk([&] {
    std::error_code no_link;
    const fs::path newest = fs::read_symlink(run / kModelLink, no_link).filename();
    const fs::path best = fs::read_symlink(run / kBestLink, no_link).filename();
    int64_t whole = 0;
    for (const fs::path& folder : list_checkpoints(run)) {
      if (whole < std::max<int64_t>(keep, 1)) {
        whole += fault_of(folder).empty() ? 1 : 0;
      } else if (folder.filename() != newest && folder.filename() != best) {
        remove_checkpoint(folder);
      }
    }
  });
}

}  // namespace skysense
