#include "engine/checkpoint_files.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/whole_number.h"
#include "engine/weights.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kFormatVersion = 1;

/// A JSON file of ours through `read`, which may ask for whatever it expects.
template <class Read>
auto read_json(const fs::path& file, Read&& read) {
  try {
    const json root = json::parse(read_text_file(file));
    const int64_t version = whole_number(root, "format_version");
    if (version != kFormatVersion) {
      throw DataError(
          fmt::format("{}: format_version is {}, this program reads {}; use the program version that wrote it",
                      file.string(), version, kFormatVersion));
    }
    return read(root);
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: damaged: {}; use another checkpoint", file.string(), error.what()));
  }
}

fs::path index_path(const fs::path& folder, const std::string& name) { return folder / (name + ".index.json"); }

/// Consecutive tensors whose bytes stay within the limit.
std::vector<NamedTensors> split(const NamedTensors& tensors, int64_t limit_bytes) {
  std::vector<NamedTensors> parts(1);
  int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto size = static_cast<int64_t>(tensor.nbytes());
    if (!parts.back().empty() && bytes + size > limit_bytes) {
      parts.emplace_back();
      bytes = 0;
    }
    parts.back()[name] = tensor;
    bytes += size;
  }
  return parts;
}

}  // namespace

void write_state_file(const fs::path& folder, const RunState& run) {
  json files = json::object();
  for (const auto& entry : fs::directory_iterator(folder)) files[entry.path().filename().string()] = entry.file_size();
  const json root = {
      {"format_version", kFormatVersion},   {"step", run.step},     {"epoch", run.epoch}, {"seed", run.seed},
      {"data_position", run.data_position}, {"extras", run.extras}, {"files", files}};
  write_file_atomically(folder / kStateFile, root.dump(2) + "\n");
}

StateFile read_state_file(const fs::path& folder) {
  return read_json(folder / kStateFile, [](const json& root) {
    StateFile state;
    state.run.step = whole_number(root, "step");
    state.run.epoch = whole_number(root, "epoch");
    state.run.seed = whole_number<uint64_t>(root, "seed");
    state.run.data_position = whole_number(root, "data_position");
    state.run.extras = root.at("extras");
    const json& files = root.at("files");
    for (const auto& file : files.items()) state.files[file.key()] = whole_number<uint64_t>(files, file.key());
    return state;
  });
}

void check_file_size(const fs::path& folder, const StateFile& state, const std::string& name) {
  const auto listed = state.files.find(name);
  if (listed == state.files.end()) {
    throw DataError(fmt::format("{}: names no {}; use another checkpoint", (folder / kStateFile).string(), name));
  }
  std::error_code absent;
  const uint64_t bytes = fs::file_size(folder / name, absent);
  if (absent)
    throw DataError(
        fmt::format("{}: {}; copy the checkpoint again or use another", (folder / name).string(), absent.message()));
  if (bytes != listed->second) {
    throw DataError(fmt::format("{}: has {} bytes, {} were written; copy the checkpoint again or use another",
                                (folder / name).string(), bytes, listed->second));
  }
}

void save_split_tensors(const fs::path& folder, const std::string& name, const NamedTensors& tensors,
                        int64_t limit_bytes) {
  const auto parts = split(tensors, limit_bytes);
  if (parts.size() == 1) return save_tensors(folder / (name + ".safetensors"), tensors);
  json weight_map = json::object();
  uint64_t total = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto file = fmt::format("{}-{:05}-of-{:05}.safetensors", name, i + 1, parts.size());
    save_tensors(folder / file, parts[i]);
    for (const auto& [tensor_name, tensor] : parts[i]) {
      weight_map[tensor_name] = file;
      total += tensor.nbytes();
    }
  }
  const json index = {
      {"format_version", kFormatVersion}, {"metadata", {{"total_size", total}}}, {"weight_map", weight_map}};
  write_file_atomically(index_path(folder, name), index.dump(2) + "\n");
}

std::vector<fs::path> optimizer_files(const fs::path& folder, const StateFile& state) {
  std::vector<fs::path> files;
  for (const auto& [name, bytes] : state.files) {
    if (!name.starts_with(kOptimizerName) || !name.ends_with(".safetensors")) continue;
    if (fs::path(name).filename() != name)
      throw DataError(fmt::format("{}: '{}' is no file of this folder", (folder / kStateFile).string(), name));
    files.push_back(folder / name);
  }
  if (files.empty())
    throw DataError(
        fmt::format("{}: names no {}; use another checkpoint", (folder / kStateFile).string(), kOptimizerName));
  return files;
}

}  // namespace skysense
