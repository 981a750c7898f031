#include <memory>

#include "app/prediction.h"
#include "app/verbs.h"

namespace skysense::app {
namespace {

struct Arguments {
  SceneFlags scene;
  PredictionFlags prediction;
  std::string before, after;
};

void run(const Arguments& arguments) {
  run_prediction(arguments.scene, arguments.prediction, [&](const TaskProduct& product) {
    std::vector<SceneRequest> times;
    for (const std::string& image : {arguments.before, arguments.after}) {
      SceneFlags one = arguments.scene;
      one.scene.scene = image;
      times.push_back(one.request(product.contracts));
    }
    return times;
  });
}

}  // namespace

void add_change(CLI::App& program) {
  auto* verb = program.add_subcommand(
      "change", "Compare two images of the same ground by a fine-tuned model: a georeferenced map of what changed");
  const auto arguments = std::make_shared<Arguments>();
  verb->add_option("BEFORE", arguments->before, "the earlier image, PATH or PATH@DATE")->required();
  verb->add_option("AFTER", arguments->after, "the later image; its pixels are brought onto the earlier one's")
      ->required();
  arguments->scene.add_reading(*verb);
  arguments->prediction.add_to(*verb);
  verb->footer(
      "OUT.tif is 1 where the model sees a change and 0 where not, on the pixels of BEFORE. Models of semantic change\n"
      "also write OUT_before.tif and OUT_after.tif, the classes at both times.\n"
      "Example: skysense change --model RUN 2019.tif 2023.tif -o change.tif --probabilities --summary");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
