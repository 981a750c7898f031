#include "finetune/task_network.h"

#include <ATen/CPUGeneratorImpl.h>

#include <fmt/format.h>

#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "detection/detection_product.h"
#include "detection/detection_settings.h"
#include "finetune/class_network.h"
#include "finetune/object_network.h"

namespace skysense {
namespace {

at::Generator generator_of_heads(const FinetuneOptions& options) {
  RandomStream stream(static_cast<uint64_t>(options.seed), 0, 0, "initial heads");
  return at::make_generator<at::CPUGeneratorImpl>(stream.next());
}

std::unique_ptr<TaskNetwork> wrap(DetectionModel network, const TaskDescription& task) {
  const double pixels = task.pixels_per_output[network->options().features.modality];
  return std::make_unique<ObjectNetwork>(std::move(network), pixels);
}

TaskLossOptions loss_options(const TaskLossSettings& settings, TaskLoss loss) {
  return {.loss = loss,
          .class_weights = settings.class_weights,
          .ignore_index = -1,
          .auxiliary_weight = settings.auxiliary_weight};
}

}  // namespace

std::unique_ptr<TaskNetwork> make_task_network(SkysenseModel model, const TaskSetup& setup,
                                               const FinetuneOptions& options) {
  const TaskDescription& task = setup.task;
  const ModelOptions sizes = model->options();
  const at::Generator generator = generator_of_heads(options);
  if (task.kind == TaskKind::kBoxes) {
    DetectionModel network(std::move(model), detection_model_options(options.task, options.detection, task.modalities,
                                                                     sizes, static_cast<int64_t>(task.classes.size())));
    network->initialise_heads(generator);
    return wrap(std::move(network), task);
  }
  TaskModel network(std::move(model), task_model_options(options.task, task.modalities, sizes, task.logits()));
  network->initialise_heads(generator);
  return std::make_unique<ClassNetwork>(std::move(network), loss_options(options.loss, task.loss));
}

OpenedTask open_task(const std::filesystem::path& path, const std::vector<std::string>& assignments) {
  OpenedTask opened;
  const std::vector<std::string> settings = detection_settings(assignments);
  if (describe_task_product(path).task.kind == TaskKind::kBoxes) {
    DetectionProduct detector = load_detection_product(path, settings);
    opened.product = std::move(detector.parts);
    opened.network = wrap(std::move(detector.network), opened.product.task);
  } else {
    if (!settings.empty()) throw UsageError(fmt::format("--set {}: the model detects no objects", settings.front()));
    opened.product = load_task_product(path);
    opened.network = std::make_unique<ClassNetwork>(opened.product.network, loss_options({}, opened.product.task.loss));
  }
  return opened;
}

}  // namespace skysense
