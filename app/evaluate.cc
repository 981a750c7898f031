#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/task_data.h"
#include "app/verbs.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "engine/bfloat16.h"
#include "engine/checkpoint_files.h"
#include "engine/device.h"
#include "finetune/paper_results.h"
#include "finetune/report.h"
#include "finetune/sample_pictures.h"
#include "finetune/task_evaluation.h"
#include "finetune/task_network.h"
#include "heads/task_product.h"
#include "model/projection.h"

namespace skysense::app {
namespace {

struct Arguments {
  std::string model, data, split = "test", report, pictures;
  std::vector<std::string> assignments;
};

/// The settings of the run, with those of the command line over them.
FinetuneConfig read_config(const TaskProduct& product, const std::vector<std::string>& assignments) {
  FinetuneConfig config;
  auto fields = fields_of(config);
  apply_yaml_file(fields, product.checkpoint / kConfigFile);
  for (const auto& assignment : assignments) apply_assignment(fields, assignment);
  return config;
}

/// Throws DataError where the split has none.
std::vector<int64_t> samples_of_split(const LabelledDataset& dataset, const std::string& split) {
  const auto numbers = samples_of(dataset, split);
  if (numbers.empty()) {
    throw DataError(
        fmt::format("{} has no samples of the split {}: choose another --split", dataset.description().name, split));
  }
  return numbers;
}

void run(const Arguments& arguments) {
  const OpenedTask opened = open_task(arguments.model, arguments.assignments);
  const TaskProduct& product = opened.product;
  FinetuneOptions options = read_config(product, arguments.assignments).options;
  options.data.tile = 0;  // images are judged whole, those of the training split too
  const auto dataset = open_task_data(arguments.data, options);
  check_dataset_fits(product.task, product.contracts, dataset->description());
  set_threads(options.compute.threads);
  const torch::Device device = parse_device(options.compute.device);
  const torch::Dtype dtype = parse_dtype(options.compute.dtype);
  warn_of_slow_bfloat16(device, dtype);
  opened.network->module().to(device);
  if (device.is_cpu()) prepare_for_inference(opened.network->module(), dtype);
  const TaskSetup setup{.task = product.task, .label = dataset->description().label, .contracts = product.contracts};
  const auto samples = spread_out(samples_of_split(*dataset, arguments.split), options.eval.samples);
  SamplePictures pictures(*dataset, product.task, samples,
                          arguments.report.empty() && arguments.pictures.empty() ? 0 : kReportSamples);
  const TaskScores scores = evaluate_task(*opened.network,
                                          {.dataset = *dataset,
                                           .samples = samples,
                                           .setup = setup,
                                           .options = product.options,
                                           .frame = options.data.frame,
                                           .eval = options.eval,
                                           .prototypes = product.prototypes ? &*product.prototypes : nullptr,
                                           .device = device,
                                           .dtype = dtype,
                                           .readers = options.loader.workers},
                                          pictures.observers());
  spdlog::info("{} samples of {}\n{}", scores.size(), arguments.split, scores.table());
  const auto in_paper = beside_paper(options.paper, arguments.split, scores.values());
  for (const PaperResult& result : in_paper) {
    spdlog::info("{}: {:.2f}% here, {:.2f}% in {} of the paper", result.metric, 100 * result.ours, 100 * result.paper,
                 options.paper.table);
  }
  nlohmann::json files = nlohmann::json::array();
  if (!arguments.report.empty() || !arguments.pictures.empty()) {
    ReportContent content{.title = fmt::format("Evaluation: {}", arguments.model),
                          .summary = fmt::format("{} samples of the split {} of {}.", scores.size(), arguments.split,
                                                 product.task.dataset)};
    for (const PaperResult& result : in_paper) {
      content.summary += fmt::format(" {}: {:.2f}%; the paper's {} has {:.2f}%.", result.metric, 100 * result.ours,
                                     options.paper.table, 100 * result.paper);
    }
    add_scores(content, scores, product.task);
    content.pictures.insert(content.pictures.end(), pictures.pictures().begin(), pictures.pictures().end());
    if (!arguments.report.empty()) write_report(arguments.report, content);
    if (!arguments.pictures.empty()) {
      for (const auto& file : write_pictures(arguments.pictures, content)) files.push_back(file.string());
    }
  }
  nlohmann::json result = scores.to_json(
      BootstrapOptions{.resamples = options.eval.resamples, .seed = static_cast<uint64_t>(options.seed)});
  for (const PaperResult& known : in_paper) result["paper"][known.metric] = known.paper;
  if (!files.empty()) result["pictures"] = files;
  result["verb"] = "evaluate";
  result["model"] = arguments.model;
  result["checkpoint"] = product.checkpoint.string();
  result["dataset"] = product.task.dataset;
  result["split"] = arguments.split;
  print_result(result);
}

}  // namespace

void add_evaluate(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb = program.add_subcommand("evaluate", "Measure a fine-tuned model on the labelled samples of a split");
  verb->add_option("--model", arguments->model,
                   "run of skysense finetune (its best checkpoint), or a checkpoint folder")
      ->required();
  verb->add_option("--data", arguments->data, "the data set's folder, in the layout that the run was trained with")
      ->required();
  verb->add_option("--split", arguments->split, "train, val or test")
      ->check(CLI::IsMember({"train", "val", "test"}))
      ->capture_default_str();
  verb->add_option(
      "--report", arguments->report,
      "HTML file for tables, the confusion matrix, calibration or precision over recall, and pictures of some samples");
  verb->add_option("--pictures", arguments->pictures,
                   "folder for the report's pictures as PNG files: curves, calibration, confusion, samples");
  verb->add_option("--set", arguments->assignments,
                   "KEY=VALUE, over the run's config: eval.batch=32, device=cuda, detection.nms_iou=0.3")
      ->allow_extra_args(false);
  verb->footer(
      "Prints a table by class on stderr, and one JSON line on stdout: the task's metrics (oa, map, miou, f1, scs, "
      "map50, …),\n"
      "per_class, the confusion matrix and a 95% bootstrap interval over images.\n\n"
      "Example:\n"
      "  skysense evaluate --model RUN --data AID --split test --report evaluation.html");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
