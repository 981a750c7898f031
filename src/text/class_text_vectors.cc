#include "text/class_text_vectors.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "clip/bpe_tokenizer.h"
#include "clip/unicode_text.h"
#include "core/error.h"
#include "core/fingerprint.h"
#include "core/random.h"
#include "core/safetensors.h"
#include "engine/weights.h"
#include "text/clip_text_encoder.h"
#include "text/stand_in_vectors.h"

namespace skysense {
namespace {

constexpr const char* kPlace = "{}";  // of the class name in a prompt
constexpr int64_t kBatch = 64;        // texts at once: bounds the memory of many classes
constexpr const char* kTensor = "class_vectors";

void check(const std::vector<std::string>& names, const ClassTextOptions& options) {
  if (names.empty()) throw DataError("there are no class names to make text vectors of");
  std::unordered_set<std::string> met;
  for (const std::string& name : names) {
    normalise_text(name);  // refuses what is not UTF-8, which no file of names could hold
    if (name.empty() || !met.insert(name).second) {
      throw DataError(fmt::format("class names must differ and not be empty, '{}' does not fit", name));
    }
  }
  if (options.prompts.empty()) throw UsageError("prompts: at least one is wanted, e.g. 'a satellite image of {}.'");
  for (const std::string& prompt : options.prompts) {
    normalise_text(prompt);
    const size_t place = prompt.find(kPlace);
    if (place == std::string::npos || prompt.find(kPlace, place + 1) != std::string::npos) {
      throw UsageError(fmt::format("prompts: '{}' must hold '{}' once, where the class name goes", prompt, kPlace));
    }
  }
}

std::string prompt_of(std::string name, const std::string& prompt) {
  std::replace(name.begin(), name.end(), '_', ' ');
  const size_t place = prompt.find(kPlace);
  return prompt.substr(0, place) + name + prompt.substr(place + std::string_view(kPlace).size());
}

torch::Tensor unit_rows(const torch::Tensor& rows) { return rows / rows.norm(2, {-1}, /*keepdim=*/true); }

/// Vectors of texts [T] -> [T, D], of length 1.
torch::Tensor encode(const std::vector<std::string>& texts, const BpeTokenizer& tokenizer, ClipTextEncoder& encoder) {
  const int64_t context = encoder->config().context;
  std::vector<torch::Tensor> vectors;
  for (size_t begin = 0; begin < texts.size(); begin += kBatch) {
    std::vector<torch::Tensor> rows;
    for (size_t i = begin; i < std::min(texts.size(), begin + kBatch); ++i) {
      rows.push_back(at::tensor(tokenizer.encode(texts[i], context), torch::kInt64));
    }
    vectors.push_back(encoder(at::stack(rows)));
  }
  return unit_rows(at::cat(vectors));
}

torch::Tensor clip_vectors(const std::vector<std::string>& names, const ClassTextOptions& options) {
  const torch::NoGradGuard no_grad;
  const BpeTokenizer tokenizer = read_bpe_tokenizer(options.clip);
  ClipTextEncoder encoder = load_clip_text_encoder(options.clip);
  const ClipTextConfig& config = encoder->config();
  if (tokenizer.limit() > config.vocabulary) {
    throw DataError(fmt::format("{}: its tokenizer knows {} tokens, its config.json {}; copy the folder again",
                                options.clip, tokenizer.limit(), config.vocabulary));
  }
  std::vector<std::string> texts;
  for (const std::string& name : names) {
    for (const std::string& prompt : options.prompts) texts.push_back(prompt_of(name, prompt));
  }
  const auto vectors = encode(texts, tokenizer, encoder);
  const auto by_class = vectors.view({std::ssize(names), std::ssize(options.prompts), vectors.size(1)});
  const auto means = unit_rows(by_class.mean(1));
  if (!means.isfinite().all().item<bool>()) {
    throw DataError(
        fmt::format("{}: its weights give vectors that are not finite; copy the folder again", options.clip));
  }
  return means;
}

bool is_there(const std::filesystem::path& clip_folder) { return std::filesystem::exists(clip_folder / "config.json"); }

/// Tells CLIP folders apart by the bytes of all files that are read.
std::string digest_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files = clip_weight_files(folder);
  for (const char* name : {"config.json", "merges.txt", "special_tokens_map.json", "tokenizer.json",
                           "tokenizer_config.json", "vocab.json"}) {
    if (std::filesystem::exists(folder / name)) files.push_back(folder / name);
  }
  uint64_t state = 0;
  for (const auto& file : files) {
    state = mix(mix(state, hash_text(file.filename().string())), hash_text(fingerprint(file)));
  }
  return fmt::format("{:016x}", state);
}

/// What the vectors were made of; a file with other words is made again.
std::map<std::string, std::string> provenance(const std::vector<std::string>& names, const ClassTextOptions& options) {
  std::map<std::string, std::string> words = {{"names", nlohmann::json(names).dump()}};
  if (options.clip.empty()) {
    words["source"] = "stand-ins";
    words["width"] = std::to_string(options.stand_in_dim);
  } else {
    words["source"] = "clip";
    words["prompts"] = nlohmann::json(options.prompts).dump();
    if (is_there(options.clip)) words["digest"] = digest_of(options.clip);
  }
  return words;
}

/// Undefined where the file is absent or was made of something else.
torch::Tensor read_if_made_of(const std::map<std::string, std::string>& words, int64_t count,
                              const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  const auto metadata = SafetensorsFile(file).metadata();
  for (const auto& [key, value] : words) {
    const auto found = metadata.find(key);
    if (found == metadata.end() || found->second != value) return {};
  }
  const NamedTensors tensors = load_tensors(file);
  const auto found = tensors.find(kTensor);
  if (found == tensors.end() || found->second.dim() != 2 || found->second.size(0) != count ||
      found->second.scalar_type() != torch::kFloat32 || !found->second.isfinite().all().item<bool>()) {
    throw DataError(
        fmt::format("{}: holds no '{}' of {} classes; remove it to have it made again", file.string(), kTensor, count));
  }
  return found->second;
}

}  // namespace

void ClassTextOptions::describe(OptionFields& fields) {
  fields("clip", clip, "Hugging Face CLIP folder that encodes the class names; without one fixed vectors stand in");
  fields("prompts", prompts, "texts with {} for the class name, whose vectors are averaged");
  fields("stand_in_dim", stand_in_dim, "width of the vectors that stand in").between(1, 1 << 16);
}

std::string ClassTextVectors::description() const {
  const int64_t dim = vectors.size(1);
  if (from_clip) return fmt::format("{} classes have text vectors of CLIP, {} wide", names.size(), dim);
  return fmt::format("no CLIP folder: fixed {} vectors, {} wide, stand in for the text of {} classes",
                     std::ssize(names) <= dim ? "orthonormal" : "random unit", dim, names.size());
}

ClassTextVectors class_text_vectors(const std::vector<std::string>& names, const ClassTextOptions& options) {
  check(names, options);
  const bool from_clip = !options.clip.empty();
  if (from_clip && !is_there(options.clip)) {
    throw DataError(
        fmt::format("{}: no CLIP folder of Hugging Face is there (config.json, model.safetensors, vocab.json, "
                    "merges.txt)",
                    options.clip));
  }
  return {.vectors = from_clip ? clip_vectors(names, options) : stand_in_vectors(names, options.stand_in_dim),
          .names = names,
          .from_clip = from_clip};
}

ClassTextVectors cached_class_text_vectors(const std::vector<std::string>& names, const ClassTextOptions& options,
                                           const std::filesystem::path& file) {
  check(names, options);
  const auto words = provenance(names, options);
  const auto kept = read_if_made_of(words, std::ssize(names), file);
  if (kept.defined()) return {.vectors = kept, .names = names, .from_clip = !options.clip.empty()};
  auto made = class_text_vectors(names, options);
  save_tensors(file, {{kTensor, made.vectors}}, words);
  return made;
}

}  // namespace skysense
