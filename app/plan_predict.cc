#include "app/plan_predict.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/prediction.h"
#include "app/verbs.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/progress.h"

namespace skysense::app {
namespace {

struct PlanArguments {
  SceneFlags scene;
  PredictFlags how;
  LayerFlags layers;
  std::string after;
};

std::vector<SceneRequest> times_of(const PlanArguments& arguments, const TaskProduct& product) {
  std::vector<SceneRequest> times = {arguments.scene.request(product.contracts)};
  if (arguments.after.empty()) return times;
  SceneFlags after = arguments.scene;
  after.scene.scene = arguments.after;
  times.push_back(after.request(product.contracts));
  return times;
}

void plan_predict(const PlanArguments& arguments) {
  arguments.scene.tune_memory(FreedBuffers::kReturned);
  const TaskProduct product = arguments.scene.load_task();
  PredictOptions options = arguments.how.options(arguments.scene);
  options.times = times_of(arguments, product);
  const PredictJob job(product, options);
  const Tiling& tiling = job.run().tiling();
  const int64_t room = job.run().memory().room;
  const int64_t batches = count_groups(job.blocks(), tiling, room), tiles = count_tiles(job.blocks(), tiling, room);
  const double batch_seconds = job.measure_batch_seconds(), seconds = static_cast<double>(batches) * batch_seconds;
  const int64_t pixels = job.area().pixels();
  const LayerOptions layers = arguments.layers.options();
  const int64_t bytes = pixels * PredictionLayers(product.task, job.scenes().all_images(), layers).bytes_per_pixel();
  spdlog::info("output       {} x {} pixels, at most {}", job.area().width, job.area().height, bytes_text(bytes));
  spdlog::info("tiles        {} in batches of {} ({})", tiles, tiling.batch(), tiling.text());
  spdlog::info("memory       {}, {} batches at once", bytes_text(job.run().memory().total), job.run().memory().jobs);
  spdlog::info("time         {}, {:.3f} s a batch measured here, reading and writing beside it", duration_text(seconds),
               batch_seconds);
  print_result({{"verb", "plan predict"},
                {"size", {job.area().width, job.area().height}},
                {"tiles", tiles},
                {"batches", batches},
                {"batch_seconds", batch_seconds},
                {"jobs", job.run().memory().jobs},
                {"seconds", seconds},
                {"memory_bytes", job.run().memory().total},
                {"output_bytes", bytes}});
}

}  // namespace

void add_plan_predict(CLI::App& plan) {
  auto* verb = plan.add_subcommand("predict", "What a prediction over a scene will need");
  const auto arguments = std::make_shared<PlanArguments>();
  arguments->scene.add_images(*verb);
  arguments->scene.add_reading(*verb);
  arguments->how.add_to(*verb);
  verb->add_option("--after", arguments->after, "the later image, for a model of change");
  arguments->layers.add_to(*verb);
  verb->footer(
      "The time is that of the network on empty tiles, measured here; the output's bytes are those before "
      "compression,\n"
      "which the disk holds once more while they are written.\n"
      "Example: skysense plan predict --model RUN scene.tif --probabilities");
  verb->callback([arguments] { plan_predict(*arguments); });
}

}  // namespace skysense::app
