#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/checkpoint.h"

namespace skysense {

// The files of a checkpoint folder (docs/formats.md).
inline constexpr const char* kConfigFile = "config.yaml";
inline constexpr const char* kContractFile = "contract.json";
inline constexpr const char* kStudentFile = "student.safetensors";
inline constexpr const char* kTeacherFile = "teacher.safetensors";
inline constexpr const char* kExtraFile = "extra.safetensors";
inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kOptimizerName = "optimizer";

/// state.json: the run's state and the size of each other file, by which a cut one is known.
struct StateFile {
  RunState run;
  std::map<std::string, uint64_t> files;  ///< bytes by file name
};

/// Writes state.json, last of a folder's files. Throws DataError.
void write_state_file(const std::filesystem::path& folder, const RunState& run);
/// Throws DataError naming the file where it is absent, damaged or of another format_version.
StateFile read_state_file(const std::filesystem::path& folder);
/// Throws DataError unless the folder holds the file with the size that `state` names.
void check_file_size(const std::filesystem::path& folder, const StateFile& state, const std::string& name);

/// Writes NAME.safetensors; where that would exceed `limit_bytes`, NAME-00001-of-00003.safetensors …, each holding
/// whole tensors in name order (one tensor may exceed the limit alone), and NAME.index.json:
/// {"format_version": 1, "metadata": {"total_size": bytes}, "weight_map": {tensor: file}}, as Hugging Face's libraries
/// do.
void save_split_tensors(const std::filesystem::path& folder, const std::string& name, const NamedTensors& tensors,
                        int64_t limit_bytes);
/// The files that hold the optimizer's state, whoever wrote it. Throws DataError where state.json names none.
std::vector<std::filesystem::path> optimizer_files(const std::filesystem::path& folder, const StateFile& state);

}  // namespace skysense
