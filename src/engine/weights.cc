#include "engine/weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace skysense {
namespace {

constexpr const char* kFormatVersion = "1";
constexpr const char* kVersionKey = "format_version";

/// A file without the key came from another program; its tensors are judged by name and shape alone.
void check_version(const SafetensorsFile& file) {
  const auto found = file.metadata().find(kVersionKey);
  if (found != file.metadata().end() && found->second != kFormatVersion) {
    throw DataError(
        fmt::format("{}: format_version is {}, this program reads {}; use the program version that wrote it",
                    file.path().string(), found->second, kFormatVersion));
  }
}

struct Source {
  const TensorView* view;
  const std::filesystem::path* file;
};

std::string file_list(const std::vector<std::filesystem::path>& files) {
  return files.size() == 1 ? files[0].string() : fmt::format("{} and {} more", files[0].string(), files.size() - 1);
}

bool is_looked_at(const std::string& name, const LoadRules& rules) {
  return rules.only_prefixes.empty() ||
         std::any_of(rules.only_prefixes.begin(), rules.only_prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

}  // namespace

void save_tensors(const std::filesystem::path& file, const NamedTensors& tensors,
                  const std::map<std::string, std::string>& metadata) {
  std::vector<torch::Tensor> kept;  // what the views point into
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    kept.push_back(tensor.detach().cpu().contiguous());
    views.push_back(view_of(name, kept.back()));
  }
  auto all_metadata = metadata;
  all_metadata[kVersionKey] = std::string(kFormatVersion);
  write_safetensors(file, views, all_metadata);
}

NamedTensors load_tensors(const std::filesystem::path& file) {
  const SafetensorsFile mapped(file);
  check_version(mapped);
  NamedTensors tensors;
  for (const TensorView& view : mapped.tensors()) tensors[view.name] = copy_of(view);
  return tensors;
}

void load_tensors_into(const std::vector<std::filesystem::path>& files, NamedTensors into, const LoadRules& rules) {
  TORCH_CHECK_VALUE(!files.empty(), "no files to load from");
  std::vector<SafetensorsFile> mapped;
  for (const auto& file : files) mapped.emplace_back(file);
  std::map<std::string, Source> sources;
  for (size_t i = 0; i < mapped.size(); ++i) {
    check_version(mapped[i]);
    for (const TensorView& view : mapped[i].tensors()) {
      if (!sources.emplace(view.name, Source{&view, &files[i]}).second) {
        throw DataError(fmt::format("{}: tensor '{}' stands in another file too; copy the folder again",
                                    files[i].string(), view.name));
      }
    }
  }
  for (const auto& [name, tensor] : into) {
    const auto found = sources.find(name);
    if (found == sources.end()) {
      throw DataError(fmt::format("{}: tensor '{}' of shape {} is missing; the file belongs to another model or config",
                                  file_list(files), name, shape_text(tensor.sizes())));
    }
    if (tensor.sizes() != c10::IntArrayRef(found->second.view->shape)) {
      throw DataError(fmt::format(
          "{}: tensor '{}' has shape {}, wanted {}; the file belongs to another model or config",
          found->second.file->string(), name, shape_text(found->second.view->shape), shape_text(tensor.sizes())));
    }
  }
  for (const auto& [name, source] : sources) {
    if (rules.others_allowed || into.contains(name) || !is_looked_at(name, rules)) continue;
    throw DataError(
        fmt::format("{}: tensor '{}' of shape {} is unexpected; the file belongs to another model or config",
                    source.file->string(), name, shape_text(source.view->shape)));
  }
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : into) tensor.copy_(copy_of(*sources.at(name).view));
}

void load_tensors_into(const std::filesystem::path& file, NamedTensors into, const LoadRules& rules) {
  load_tensors_into(std::vector<std::filesystem::path>{file}, std::move(into), rules);
}

void save_module(const std::filesystem::path& file, const torch::nn::Module& module) {
  save_tensors(file, named_tensors(module));
}

void load_module(const std::filesystem::path& file, torch::nn::Module& module, const LoadRules& rules) {
  load_tensors_into(file, named_tensors(module), rules);
}

}  // namespace skysense
