#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/options.h"

namespace skysense {

/// Where the vectors of class names come from.
struct ClassTextOptions {
  std::string clip;  ///< a Hugging Face CLIP folder; empty: fixed stand-ins, see stand_in_vectors()
  std::vector<std::string> prompts = {"a satellite image of {}."};  ///< several are averaged
  int64_t stand_in_dim = 768;                                       ///< width D of stand-ins
  void describe(OptionFields& fields);
};

/// A unit vector for each class name, float32 [K, D] on the CPU, without gradient (F^text of paper App. A.2).
struct ClassTextVectors {
  torch::Tensor vectors;
  std::vector<std::string> names;
  bool from_clip = false;
  /// What the log says of them in one line.
  std::string description() const;
};

/// Encodes the names, a blank for each '_', in every prompt; a class's vector is the mean of its prompts' unit vectors,
/// made a unit vector again (Radford et al. 2021, sec. 3.1.4). Throws DataError where names are empty, stand twice or
/// are not UTF-8, where the folder is missing, damaged or at odds with itself; UsageError for a prompt without its one
/// "{}".
ClassTextVectors class_text_vectors(const std::vector<std::string>& names, const ClassTextOptions& options);

/// The same, kept in `file` (safetensors, docs/formats.md), so that a resumed run needs no CLIP folder. What the file
/// holds is used where it was made of these names and options, and of this folder's files where the folder is there;
/// else it is made again and the file replaced. Throws DataError for a damaged file too.
ClassTextVectors cached_class_text_vectors(const std::vector<std::string>& names, const ClassTextOptions& options,
                                           const std::filesystem::path& file);

}  // namespace skysense
