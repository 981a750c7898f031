#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/task_data.h"
#include "app/verbs.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "engine/device.h"
#include "engine/process_group.h"
#include "engine/run_start.h"
#include "finetune/recipes.h"
#include "finetune/schedule.h"
#include "finetune/task_run.h"

namespace skysense::app {
namespace {

struct Arguments {
  std::string recipe, data, model, run;
  std::vector<std::string> assignments;
  std::optional<int64_t> shots;
  std::optional<double> fraction;
  bool resume = false, dry_run = false;
};

std::filesystem::path program() { return std::filesystem::read_symlink("/proc/self/exe"); }

void list() {
  nlohmann::json recipes = nlohmann::json::array();
  for (const Recipe& recipe : list_recipes(find_recipes(program()))) {
    spdlog::info("{:<36} {}", recipe.name, recipe.title);
    recipes.push_back({{"name", recipe.name}, {"title", recipe.title}});
  }
  print_result({{"verb", "finetune"}, {"recipes", recipes}});
}

FinetuneOptions resolve(const Arguments& arguments, const Recipe& recipe) {
  FinetuneOptions options = read_recipe(recipe.file);
  auto fields = fields_of(options);
  for (const auto& assignment : arguments.assignments) apply_assignment(fields, assignment);
  const auto sets = [&](const std::string& key) {
    return std::ranges::any_of(arguments.assignments, [&](const auto& text) { return text.starts_with(key + "="); });
  };
  // Steps by hand take the place of a recipe's epochs.
  if (sets("train.steps") && !sets("train.epochs")) options.train.epochs = 0;
  if (sets("train.warmup_steps") && !sets("train.warmup_epochs")) options.train.schedule.warmup_epochs = 0;
  if (arguments.shots) options.data.selection.shots = *arguments.shots;
  if (arguments.fraction) options.data.selection.fraction = *arguments.fraction;
  if (!arguments.model.empty()) options.pretrained = arguments.model;
  if (options.pretrained.empty())
    throw UsageError("name a pre-trained model with --model RUN, or random weights with --model random:nano");
  return options;
}

/// What the run would do, and on what.
nlohmann::json describe(const TaskRun& run, const PretrainedModel& pretrained) {
  const SkysenseModel model = make_starting_model(pretrained, run.setup.contracts, run.options);
  const TaskTraining training(model, std::nullopt, run.setup, run.options, alone(), torch::kCPU);
  const TrainableCount count = training.count();
  const TaskTrainOptions& train = run.options.train;
  const TaskDescription& task = run.setup.task;
  spdlog::info("{}: a {} task of {} classes, {} training and {} validation samples", task.dataset,
               task_kind_name(task.kind), task.classes.size(), run.training.size(), run.validation.size());
  spdlog::info("{} steps of {} samples; {} of {} parameters learn", train.steps, train.batch_size, count.learning,
               count.all);
  nlohmann::json inputs = nlohmann::json::object(), bands = nlohmann::json::object();
  for (const Modality modality : task.modalities) {
    const std::string name(modality_name(modality));
    const SensorContract& contract = *run.setup.contracts[modality];
    inputs[name] = contract.name;
    for (const Band& band : contract.bands) bands[name].push_back(band.name);
  }
  auto options = run.options;
  return {{"verb", "finetune"},
          {"dry_run", true},
          {"recipe", run.recipe},
          {"dataset", task.dataset},
          {"kind", task_kind_name(task.kind)},
          {"classes", task.classes},
          {"inputs", inputs},
          {"bands", bands},
          {"output", modality_name(task.output)},
          {"training_samples", run.training.size()},
          {"validation_samples", run.validation.size()},
          {"steps", train.steps},
          {"warmup_steps", train.schedule.warmup_steps},
          {"parameters", count.all},
          {"learning", count.learning},
          {"config", dump_yaml(fields_of(options))}};
}

void run(const Arguments& arguments) {
  if (arguments.recipe == "list") {
    list();
    return;
  }
  const Recipe recipe = find_recipe(arguments.recipe, program());
  const FinetuneOptions options = resolve(arguments, recipe);
  if (arguments.data.empty()) throw UsageError("name the data set's folder with --data");
  if (arguments.run.empty() && !arguments.dry_run) throw UsageError("name the run's folder with -o");
  auto ranks = std::make_unique<Ranks>();
  if (const auto launch = read_launch(environment_variables())) {
    const torch::Device device = parse_device_of_rank(options.compute.device, launch->local_rank);
    ranks = join_ranks(*launch, device, options.distributed);
  }
  if (!ranks->is_first()) spdlog::set_level(spdlog::level::warn);
  const auto dataset = open_task_data(arguments.data, options);
  const PretrainedModel pretrained = open_pretrained(options.pretrained);
  const TaskRun plan = plan_task_run(options, recipe.name, *dataset, pretrained, *ranks);
  if (arguments.dry_run) {
    print_result(describe(plan, pretrained));
    return;
  }
  const FinetuneResult result =
      finetune(plan, *dataset, pretrained, arguments.run, resume_of(arguments.resume, environment_variables()), *ranks);
  if (!ranks->is_first()) return;
  nlohmann::json json = {{"verb", "finetune"},
                         {"run", arguments.run},
                         {"recipe", recipe.name},
                         {"checkpoint", result.checkpoint.string()},
                         {"steps", result.steps},
                         {"loss", result.loss},
                         {"training_samples", plan.training.size()},
                         {"validation_samples", plan.validation.size()},
                         {"samples_per_second", result.samples_per_second},
                         {"waiting_share", result.waiting_share},
                         {"skipped_samples", result.skipped_samples},
                         {"parameters", result.parameters},
                         {"learning", result.learning},
                         {"stopped_early", result.stopped_early}};
  if (!result.metric.empty()) {
    json["best"] = {{"metric", result.metric},
                    {"value", result.best},
                    {"step", result.best_step},
                    {"checkpoint", result.best_checkpoint.string()}};
  }
  print_result(json);
}

}  // namespace

void add_finetune(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb = program.add_subcommand(
      "finetune",
      "Fine-tune a pre-trained model on a labelled data set: scenes, maps, objects, change, series, several sensors");
  verb->add_option("--recipe", arguments->recipe, "name of a recipe, or a YAML file; 'list' names those that there are")
      ->required();
  verb->add_option("--data", arguments->data, "the data set's folder, in the layout of the recipe's data.reader");
  verb->add_option("--model", arguments->model,
                   "pre-trained model: a run or checkpoint folder, or random:PRESET for random weights");
  verb->add_option("-o,--output", arguments->run, "run folder");
  verb->add_option("--set", arguments->assignments, "KEY=VALUE, over the recipe")->allow_extra_args(false);
  verb->add_option("--shots", arguments->shots, "training samples of each class (data.shots)")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--fraction", arguments->fraction, "share of the training samples, stratified (data.fraction)")
      ->check(CLI::Range(0.0, 1.0));
  verb->add_flag("--resume", arguments->resume, "continue the run from its newest checkpoint");
  verb->add_flag("--dry-run", arguments->dry_run, "say what would be trained on what, and stop");
  verb->footer([] {
    FinetuneOptions options;
    return "Examples:\n"
           "  skysense finetune --recipe list\n"
           "  skysense finetune --recipe aid-20 --data AID --model PRETRAINED -o RUN\n"
           "  skysense finetune --recipe aid-20 --data AID --model random:nano -o RUN --shots 5 --set train.steps=200\n"
           "then skysense evaluate --model RUN --data AID.\n\n"
           "Keys of --set and of a recipe, with their defaults:\n" +
           describe_options(fields_of(options));
  });
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
