#include "app/plan_detect.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "app/scene_flags.h"
#include "app/verbs.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/progress.h"
#include "detection/detection_product.h"

namespace skysense::app {
namespace {

struct PlanArguments {
  SceneFlags scene;
  DetectFlags how;
};

void plan_detect(const PlanArguments& arguments) {
  arguments.scene.tune_memory(FreedBuffers::kReturned);
  const DetectionProduct product = arguments.scene.load_detector(arguments.how.settings);
  const DetectJob job(product.parts, arguments.how.options(arguments.scene, product.parts),
                      detector_finder(product, arguments.how.dtype()));
  const Tiling& tiling = job.tiling();
  const auto batches = static_cast<int64_t>(job.groups().size());
  const double batch_seconds = job.measure_batch_seconds(), seconds = static_cast<double>(batches) * batch_seconds;
  const PixelWindow& area = job.scenes().area();
  spdlog::info("scene        {} x {} pixels", area.width, area.height);
  spdlog::info("tiles        {} in batches of {} ({})", job.tiles(), tiling.batch(), tiling.text());
  spdlog::info("memory       {}, {} batches at once", bytes_text(job.memory().total), job.memory().jobs);
  spdlog::info("time         {}, {:.3f} s a batch measured here, reading and writing beside it", duration_text(seconds),
               batch_seconds);
  print_result({{"verb", "plan detect"},
                {"size", {area.width, area.height}},
                {"tiles", job.tiles()},
                {"batches", batches},
                {"batch_seconds", batch_seconds},
                {"jobs", job.memory().jobs},
                {"seconds", seconds},
                {"memory_bytes", job.memory().total}});
}

}  // namespace

void add_plan_detect(CLI::App& plan) {
  auto* verb = plan.add_subcommand("detect", "What finding the objects of a scene will need");
  const auto arguments = std::make_shared<PlanArguments>();
  arguments->scene.add_images(*verb);
  arguments->scene.add_reading(*verb);
  arguments->how.add_to(*verb);
  verb->footer(
      "The time is that of the network on empty tiles, measured here.\n"
      "Example: skysense plan detect --model RUN scene.tif --tile 1024");
  verb->callback([arguments] { plan_detect(*arguments); });
}

}  // namespace skysense::app
