#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/verbs.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "engine/checkpoint_files.h"
#include "engine/product.h"
#include "model/cost.h"
#include "model/parameter_count.h"
#include "model/presets.h"
#include "pretrain/count_others.h"

namespace skysense::app {
namespace {

using nlohmann::json;

constexpr double kMillion = 1e6, kBillion = 1e9;
constexpr double kPaperSampleBillions = 8109.52;  // App. C
const PerModality<int64_t> kDefaultChannels{{3, 10, 2}};
const std::map<int64_t, double> kTable14 = {{4, 1232.61}, {8, 1994.10}, {16, 3517.08}};  // millions by experts

struct InfoOptions {
  std::string preset, model;
  bool paper = false, json_only = false;
  PerModality<std::string> images;  // SIDE or SIDExDATES; empty: the preset's
};

/// Table 9 in millions; `experts` picks its right column.
std::map<std::string, double> table_9(bool experts) {
  return {{"tokenizers.hr", 0.02},  {"tokenizers.ms", 0.06},
          {"tokenizers.sar", 0.01}, {"backbone", experts ? 1994.10 : 661.40},
          {"prompts", 9.94},        {"fusion", 347.01},
          {"others", 490.49}};
}

/// Table 9's totals in millions; that of its left column, SkySense's, has no counterpart here.
double table_9_total(bool experts) { return experts ? 2841.63 : 1508.93; }

double difference_percent(double ours, double paper) { return 100 * (ours - paper) / paper; }

/// Ours as the paper prints it, in steps of 0.01 million: its tokenizers are one or a few such steps.
double rounded(double ours) { return std::round(ours / kMillion * 100) / 100 * kMillion; }

/// "512" or "16x10": a square's side in pixels, and the number of dates.
ImageSizes parse_image(const std::string& text, Modality modality, int64_t channels) {
  std::istringstream stream(text);
  ImageSizes image{.height = 0, .width = 0, .channels = channels, .dates = 1};
  char separator = 'x';
  bool good = static_cast<bool>(stream >> image.height);
  if (good && stream.peek() != EOF)
    good = stream >> separator >> image.dates && separator == 'x' && stream.peek() == EOF;
  constexpr int64_t kLargest = 1 << 20;  // keeps every count within 63 bits
  const bool off = good && image.height == 0;
  if (!good || (!off && image.height < kPatch) || image.height > kLargest || image.dates < 1 ||
      image.dates > kLargest) {
    throw UsageError(fmt::format("--{} {}: expected SIDE or SIDExDATES, a side of at least {} pixels, or 0 for none",
                                 modality_name(modality), text, kPatch));
  }
  image.width = image.height;
  return image;
}

CostInput cost_input(const InfoOptions& options, const SampleSizes& sample, const PerModality<int64_t>& channels) {
  const PerModality<std::string> defaults{{fmt::format("{}", sample.global_crop_hr()),
                                           fmt::format("{}x{}", sample.global_crop, sample.ms_dates),
                                           fmt::format("{}x{}", sample.global_crop, sample.sar_dates)}};
  bool any = false;
  for (const std::string& image : options.images) any = any || !image.empty();
  CostInput input;
  for (const Modality modality : kModalities) {
    const std::string& given = options.images[modality];
    if (given.empty() && (any || channels[modality] == 0)) continue;
    if (channels[modality] == 0) {
      throw UsageError(fmt::format("--{}: this model has no sensor of that kind", modality_name(modality)));
    }
    input.images[modality] = parse_image(given.empty() ? defaults[modality] : given, modality, channels[modality]);
  }
  return input;
}

json module_json(const ModuleCount& module) {
  json item = {{"name", module.name}, {"parameters", module.parameters}, {"activated", module.activated}};
  for (const ModuleCount& part : module.parts) item["parts"].push_back(module_json(part));
  return item;
}

json cost_json(const ModelOptions& options, const CostInput& input) {
  const auto parts = count_multiply_adds(options, input);
  json result = {{"macs", total_of(parts)}, {"flops", 2 * total_of(parts)}};
  for (const PartCost& part : parts) result["macs_by_part"][part.name] = part.amount;
  for (const Modality modality : kModalities) {
    const ImageSizes& image = input.images[modality];
    if (image.height == 0) continue;
    result["input"][std::string(modality_name(modality))] = {
        {"side", image.height}, {"channels", image.channels}, {"dates", image.dates}};
  }
  return result;
}

/// What inference in float32 holds in memory.
void add_memory(json& result, const ModelOptions& options, const CostInput& input) {
  constexpr int64_t kElementBytes = sizeof(float);
  const int64_t weights = result["parameters"].get<int64_t>() * kElementBytes;
  const int64_t activations = estimate_activation_bytes(options, input, kElementBytes);
  result["memory_bytes"] = weights + activations;
  result["memory"] = {{"weights_bytes", weights}, {"activation_bytes", activations}, {"dtype", "float32"}};
}

void add_paper(json& result, const Preset& preset) {
  const bool experts = preset.model.moe.experts > 0;
  const auto paper = table_9(experts);
  const auto others = count_others(pretrain_options(preset.name));
  ModuleCount joined{"others", total_parameters(others), total_activated(others), others};
  result["modules"].push_back(module_json(joined));
  double ours_total = 0;
  for (json& module : result["modules"]) {
    const double ours = module["parameters"].get<double>(), theirs = paper.at(module["name"]) * kMillion;
    module["paper"] = theirs;
    module["difference_percent"] = difference_percent(rounded(ours), theirs);
    ours_total += ours;
  }
  const double paper_total = table_9_total(experts) * kMillion;
  result["total"] = {{"parameters", ours_total},
                     {"paper", paper_total},
                     {"difference_percent", difference_percent(ours_total, paper_total)}};
  for (const auto& [experts, millions] : kTable14) {
    ModelOptions options = preset.model;
    options.moe.experts = experts;
    for (const ModuleCount& module : count_parameters(options, kDefaultChannels)) {
      if (module.name != "backbone") continue;
      result["table14"].push_back({{"experts", experts},
                                   {"parameters", module.parameters},
                                   {"paper", millions * kMillion},
                                   {"difference_percent", difference_percent(module.parameters, millions * kMillion)}});
    }
  }
  const int64_t every_token = count_pretraining_sample(preset, /*every_token=*/true);
  result["pretraining_sample"] = {
      {"macs", every_token},
      {"paper", kPaperSampleBillions * kBillion},
      {"difference_percent", difference_percent(every_token, kPaperSampleBillions * kBillion)},
      {"macs_as_computed_here", count_pretraining_sample(preset, /*every_token=*/false)}};
}

json describe_model(const ModelOptions& model, const PerModality<int64_t>& channels) {
  const auto modules = count_parameters(model, channels);
  json result = {{"version", SKYSENSE_VERSION},
                 {"parameters", total_parameters(modules)},
                 {"activated_parameters", total_activated(modules)}};
  for (const ModuleCount& module : modules) result["modules"].push_back(module_json(module));
  return result;
}

/// The elements of a file's tensors, by module.
std::map<std::string, int64_t> count_tensors(const SafetensorsFile& file) {
  std::map<std::string, int64_t> counts;
  for (const TensorView& tensor : file.tensors()) {
    int64_t elements = 1;
    for (const int64_t side : tensor.shape) elements *= side;
    counts[module_of(tensor.name)] += elements;
  }
  return counts;
}

json describe_checkpoint(const std::string& path, const InfoOptions& options) {
  const Product product = describe_product(path);
  const PerModality<int64_t> channels = channels_of(product.contracts);
  json result = describe_model(product.options, channels);
  const SafetensorsFile file(product.checkpoint / kTeacherFile);
  auto counts = count_tensors(file);
  for (const json& module : result["modules"]) {
    const std::string name = module["name"];
    if (counts[name] != module["parameters"].get<int64_t>()) {
      throw DataError(fmt::format("{}: {} has {} parameters, and {} describes {}; use another checkpoint",
                                  file.path().string(), name, counts[name], kConfigFile,
                                  module["parameters"].get<int64_t>()));
    }
  }
  if (counts["others"] > 0) {
    result["modules"].push_back(
        {{"name", "others"}, {"parameters", counts["others"]}, {"activated", counts["others"]}});
  }
  result["checkpoint"] = product.checkpoint.string();
  result["step"] = product.step;
  result["tensors"] = file.tensors().size();
  for (const auto& contract : product.contracts) {
    if (contract) result["sensors"][std::string(modality_name(contract->modality))] = contract->name;
  }
  const CostInput input = cost_input(options, SampleSizes(), channels);
  result.update(cost_json(product.options, input));
  add_memory(result, product.options, input);
  return result;
}

json describe_preset(const InfoOptions& options) {
  const Preset& preset = find_preset(options.preset);
  if (options.paper && !preset.name.starts_with("v2")) {
    throw UsageError(fmt::format("--paper: Table 9 describes v2 and v2-dense, not {}", preset.name));
  }
  json result = describe_model(preset.model, kDefaultChannels);
  result["preset"] = preset.name;
  if (options.paper) add_paper(result, preset);
  const CostInput input = cost_input(options, preset.sample, kDefaultChannels);
  result.update(cost_json(preset.model, input));
  add_memory(result, preset.model, input);
  return result;
}

void log_row(const std::string& name, const json& item, const char* ours, double unit, const char* suffix) {
  std::string line = fmt::format("  {:<24}{:>12.3f}{}", name, item[ours].get<double>() / unit, suffix);
  if (item.contains("paper")) {
    line += fmt::format("   paper {:>10.2f}{}  {:+.2f}%", item["paper"].get<double>() / unit, suffix,
                        item["difference_percent"].get<double>());
  }
  spdlog::info("{}", line);
}

void log_result(const json& result) {
  spdlog::info("parameters");
  for (const json& module : result["modules"]) {
    log_row(module["name"], module, "parameters", kMillion, "M");
    if (!module.contains("parts")) continue;
    for (const json& part : module["parts"]) {
      log_row("  " + part["name"].get<std::string>(), part, "parameters", kMillion, "M");
    }
  }
  log_row("total", result.contains("total") ? result["total"] : result, "parameters", kMillion, "M");
  log_row("activated", result, "activated_parameters", kMillion, "M");
  if (result.contains("table14")) {
    spdlog::info("backbone by experts (Table 14)");
    for (const json& row : result["table14"]) log_row(row["experts"].dump(), row, "parameters", kMillion, "M");
    spdlog::info("multiply-adds of a pre-training sample (App. C)");
    log_row("", result["pretraining_sample"], "macs", kBillion, "G");
  }
  spdlog::info("multiply-adds of one place, {}", result["input"].dump());
  for (const auto& [name, macs] : result["macs_by_part"].items()) {
    log_row(name, json{{"macs", macs}}, "macs", kBillion, "G");
  }
  log_row("total", result, "macs", kBillion, "G");
  spdlog::info("memory of its inference in {}, MB", result["memory"]["dtype"].get<std::string>());
  log_row("weights", result["memory"], "weights_bytes", kMillion, "");
  log_row("activations (estimate)", result["memory"], "activation_bytes", kMillion, "");
}

void run_info(const InfoOptions& options) {
  if (options.preset.empty() == options.model.empty()) throw UsageError("info: give either --preset or --model");
  const json result = options.model.empty() ? describe_preset(options) : describe_checkpoint(options.model, options);
  if (!options.json_only) log_result(result);
  print_result(result);
}

}  // namespace

void add_info(CLI::App& program) {
  auto* verb = program.add_subcommand("info", "Describe a preset or a checkpoint: parameters, cost, memory");
  verb->footer("Example: skysense info --preset v2 --paper");
  const auto options = std::make_shared<InfoOptions>();
  verb->add_option("--preset", options->preset, "nano, tiny, small, base, v2-dense or v2");
  verb->add_option("--model", options->model, "a run or a checkpoint folder; its tensors are counted");
  verb->add_flag("--paper", options->paper, "beside the paper's counts (v2-dense, v2)");
  verb->add_flag("--json", options->json_only, "only the JSON line, no table on stderr");
  for (const Modality modality : kModalities) {
    const std::string name(modality_name(modality));
    verb->add_option("--" + name, options->images[modality],
                     "cost of " + name + " images of this size in pixels, SIDE or SIDExDATES; 0 is none");
  }
  verb->callback([options] { run_info(*options); });
}

}  // namespace skysense::app
