#pragma once

#include <torch/nn/module.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/tensor_io.h"

namespace skysense {

/// Writes the tensors as safetensors in name order; the file appears whole or not at all. The metadata gets
/// "format_version": "1" and what is given. Throws DataError (full disk, …).
void save_tensors(const std::filesystem::path& file, const NamedTensors& tensors,
                  const std::map<std::string, std::string>& metadata = {});

/// All tensors of a file, copied to the CPU. Throws DataError for a damaged file or another format_version.
NamedTensors load_tensors(const std::filesystem::path& file);

/// How strictly a file must match what is loaded from it.
struct LoadRules {
  /// Where not empty, the file's tensors whose names begin with none of these are not looked at (a teacher's heads,
  /// say).
  std::vector<std::string> only_prefixes;
  /// What is not asked for may be there: a rank reads its share of what all ranks wrote.
  bool others_allowed = false;
};

/// Copies a file's tensors into `into`, in place, converting element type and device; nothing is changed unless all
/// fits. Throws DataError naming the file, the tensor, the shape wanted and found, and what to do, where a tensor is
/// missing, unexpected or of another shape.
void load_tensors_into(const std::filesystem::path& file, NamedTensors into, const LoadRules& rules = {});
/// The same from several files that hold each tensor once.
void load_tensors_into(const std::vector<std::filesystem::path>& files, NamedTensors into, const LoadRules& rules = {});

/// save_tensors of the module's parameters and buffers.
void save_module(const std::filesystem::path& file, const torch::nn::Module& module);
/// load_tensors_into the module's parameters and buffers.
void load_module(const std::filesystem::path& file, torch::nn::Module& module, const LoadRules& rules = {});

}  // namespace skysense
