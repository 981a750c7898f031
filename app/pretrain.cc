#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/evaluation.h"
#include "app/places.h"
#include "app/pretrain_config.h"
#include "app/verbs.h"
#include "core/config.h"
#include "core/log.h"
#include "engine/device.h"
#include "engine/process_group.h"
#include "engine/run_start.h"
#include "pretrain/trainer.h"

namespace skysense::app {
namespace {

struct Arguments {
  PretrainConfig config;
  std::string data, run;
  bool resume = false;
};

void run(const Arguments& arguments) {
  const PretrainOptions options = arguments.config.resolve();
  auto ranks = std::make_unique<Ranks>();
  if (const auto launch = read_launch(environment_variables())) {
    const torch::Device device = parse_device_of_rank(options.compute.device, launch->local_rank);
    ranks = join_ranks(*launch, device, options.distributed);
  }
  if (!ranks->is_first()) spdlog::set_level(spdlog::level::warn);
  const auto places =
      open_places(arguments.data, options.views, static_cast<uint64_t>(options.seed), options.loader.verify);
  const EvaluateTeacher evaluate = ranks->is_first() ? teacher_evaluation(options, places->contracts()) : nullptr;
  const PretrainResult result =
      pretrain(options, *places, arguments.run, resume_of(arguments.resume, environment_variables()), *ranks, evaluate);
  if (!ranks->is_first()) return;
  print_result({{"run", arguments.run},
                {"checkpoint", result.checkpoint.string()},
                {"steps", result.steps},
                {"loss", result.loss},
                {"samples_per_second", result.samples_per_second},
                {"waiting_share", result.waiting_share},
                {"skipped_places", result.skipped_places}});
}

}  // namespace

void add_pretrain(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb =
      program.add_subcommand("pretrain", "Pre-train the backbone and the fusion encoder on places without labels");
  arguments->config.add_to(*verb);
  verb->add_option(
          "--data", arguments->data,
          "dataset folder with index.jsonl or shards, also s3://… or https://…; or synth:PLACES for the synthetic "
          "world, synth:PLACES,seed=S,size=CELLS for that of another seed than the training's and other sides than "
          "64 cells")
      ->required();
  verb->add_option("-o,--output", arguments->run, "run folder")->required();
  verb->add_flag("--resume", arguments->resume, "continue the run from its newest checkpoint");
  verb->footer([] {
    PretrainOptions options = pretrain_options("nano");
    return "Example:\n  skysense pretrain --preset nano --data DATASET -o RUN --set train.steps=500 --set "
           "train.batch_size=8\n\n"
           "Several processes, started by torchrun, srun or mpirun, train one model together:\n"
           "  torchrun --no-python --nproc-per-node 8 skysense pretrain --preset v2 --data DATASET -o RUN\n\n"
           "Keys of --set and --config, with preset nano's values:\n" +
           describe_options(fields_of(options));
  });
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
