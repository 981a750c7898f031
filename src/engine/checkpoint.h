#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/options.h"
#include "core/sensor_contract.h"
#include "engine/ranks.h"
#include "engine/tensor_io.h"

namespace skysense {

/// Where a run stands: state.json, with "format_version".
struct RunState {
  int64_t step = 0;                                  ///< optimiser steps done
  int64_t epoch = 0;                                 ///< of the data
  uint64_t seed = 0;                                 ///< everything random follows from it, the epoch and the sample
  int64_t data_position = 0;                         ///< samples of the stream consumed
  nlohmann::json extras = nlohmann::json::object();  ///< what else the trainer wants back
};

/// All tensors of a run. They share storage with their owners, so that reading a checkpoint fills those.
struct RunTensors {
  NamedTensors student, teacher;
  NamedTensors optimizer;  ///< AdamW::state()
  NamedTensors extra;      ///< loss centres, prototypes, …: extra.safetensors
};

struct CheckpointOptions {
  int64_t keep = 3;                          ///< newest checkpoints that stay on disk
  int64_t optimizer_file_bytes = 4ll << 30;  ///< optimiser state is split into files of at most this size
  void describe(OptionFields& fields);
};

/// Writes RUN/checkpoints/step-N/ whole or not at all, points RUN/model to it and removes checkpoints beyond `keep`;
/// before it, what interrupted writes left. Files: config.yaml (the resolved run config, as given), contract.json,
/// student.safetensors, teacher.safetensors, optimizer.safetensors (or optimizer-00001-of-00003.safetensors … and
/// optimizer.index.json), extra.safetensors where there is something extra, state.json. Several ranks write one
/// together, into a folder that all of them see: each its optimizer state (optimizer-rank-00000.safetensors …), the
/// first all else. `documents`, texts by file name, stand beside them. Returns the folder. Throws DataError; earlier
/// checkpoints then survive.
std::filesystem::path write_checkpoint(const std::filesystem::path& run, const std::string& config_yaml,
                                       const SensorContracts& contracts, const RunState& state,
                                       const RunTensors& tensors, const CheckpointOptions& options = {},
                                       const Ranks& ranks = alone(),
                                       const std::map<std::string, std::string>& documents = {});

/// Points RUN/best to a checkpoint of the run, in one step; prune_checkpoints then leaves it. Throws DataError.
void mark_best(const std::filesystem::path& run, const std::filesystem::path& checkpoint);

/// Reads every tensor into `tensors` in place and gives the state back. Throws DataError, one line naming the file, for
/// a missing or cut file, a tensor missing, unexpected or of another shape, or another format_version. Any number of
/// ranks reads what any number wrote; each takes its share of the optimizer state.
RunState read_checkpoint(const std::filesystem::path& checkpoint, RunTensors tensors, const Ranks& ranks = alone());

/// state.json alone.
RunState read_run_state(const std::filesystem::path& checkpoint);

/// The whole checkpoint with the most steps; a damaged one is passed over with a warning. Nothing where there is none.
std::optional<std::filesystem::path> find_newest_checkpoint(const std::filesystem::path& run);
/// Throws DataError where a file is absent, cut short or of another format_version; compares sizes, reads no weights.
void check_checkpoint(const std::filesystem::path& checkpoint);

/// Leaves the `keep` (at least 1) newest whole checkpoints and what RUN/model and RUN/best point to.
void prune_checkpoints(const std::filesystem::path& run, int64_t keep);

}  // namespace skysense
