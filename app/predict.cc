#include <memory>

#include "app/prediction.h"
#include "app/verbs.h"

namespace skysense::app {
namespace {

struct Arguments {
  SceneFlags scene;
  PredictionFlags prediction;
};

void run(const Arguments& arguments) {
  run_prediction(arguments.scene, arguments.prediction, [&](const TaskProduct& product) {
    return std::vector<SceneRequest>{arguments.scene.request(product.contracts)};
  });
}

}  // namespace

void add_predict(CLI::App& program) {
  auto* verb = program.add_subcommand(
      "predict", "Turn a scene of any size into a georeferenced map of a fine-tuned model's classes");
  const auto arguments = std::make_shared<Arguments>();
  arguments->scene.add_images(*verb);
  arguments->scene.add_reading(*verb);
  arguments->prediction.add_to(*verb);
  verb->footer(
      "Beside OUT.tif come OUT.qml (a style that QGIS finds) and OUT.json (a STAC item).\n"
      "Examples:\n"
      "  skysense predict --model RUN scene.tif -o classes.tif --summary --max-memory 2G\n"
      "  skysense predict --model RUN --ms s2_a.tif@2024-05-01 s2_b.tif@2024-07-12 --sar s1.tif@2024-05-03 -o "
      "crops.tif\n"
      "  skysense predict --model RUN scene.tif -o classes.tif --tta flips --probabilities --entropy --polygons\n"
      "  skysense predict --model RUN scene.tif -o classes.tif --resume");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
