#include "infer/task_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/log.h"

namespace skysense {
namespace {

constexpr int64_t kMostClasses = 255;  // a class map of uint8 keeps 255 for nodata

void check_dates(const std::vector<SceneImage>& images, const std::string& modality) {
  for (size_t i = 0; i < images.size() && images.size() > 1; ++i) {
    if (!images[i].date) {
      throw DataError(
          fmt::format("{0}: has no date, and a series needs one for each image; name it as --{1} "
                      "{0}@YYYY-MM-DD",
                      images[i].path, modality));
    }
    if (i > 0 && *images[i].date < *images[i - 1].date) {
      throw DataError(
          fmt::format("{}: its date {} comes before that of {} ({}); name the images in the order of their "
                      "dates",
                      images[i].path, images[i].date->text(), images[i - 1].path, images[i - 1].date->text()));
    }
  }
}

}  // namespace

void require_task(const TaskProduct& product, size_t times) {
  const TaskDescription& task = product.task;
  const std::string model = product.checkpoint.string();
  const bool compares = task.kind == TaskKind::kChange || task.kind == TaskKind::kSemanticChange;
  if (!compares && task.kind != TaskKind::kMap) {
    throw DataError(
        fmt::format("{}: the model classifies whole scenes, not pixels; train a map with a head such as "
                    "upernet",
                    model));
  }
  if (compares && times == 1)
    throw DataError(fmt::format("{}: the model compares two times; use skysense change A.tif B.tif", model));
  if (!compares && times == 2)
    throw DataError(fmt::format("{}: the model maps one time and compares none; use skysense predict", model));
  if (static_cast<int64_t>(task.classes.size()) > kMostClasses) {
    throw DataError(fmt::format("{}: {} classes; a map of one byte a pixel has room for {}", model, task.classes.size(),
                                kMostClasses));
  }
}

void require_images(const SceneRequest& request, const TaskProduct& product) {
  const TaskDescription& task = product.task;
  const Modality seen =
      product.options.modality.empty() ? task.modalities.front() : parse_modality(product.options.modality);
  for (const Modality modality : kModalities) {
    const auto& images = request.images[modality];
    const std::string name(modality_name(modality));
    if (images.empty() && modality == seen) {
      throw DataError(fmt::format("{0}: the model's head sees {1} images and none is given; name them with --{1}",
                                  product.checkpoint.string(), name));
    }
    if (images.empty()) continue;
    if (std::find(task.modalities.begin(), task.modalities.end(), modality) == task.modalities.end()) {
      throw DataError(
          fmt::format("{}: the model was not fine-tuned on {} images; leave them out", images.front().path, name));
    }
    check_dates(images, name);
    const auto count = static_cast<int64_t>(images.size());
    if (count > task.dates[modality] && !product.options.fusion) {
      throw DataError(fmt::format("{}: {} {} images are given, and the model takes {}", images.front().path, count,
                                  name, task.dates[modality]));
    }
    if (count > task.dates[modality]) {
      spdlog::warn("{} {} images are given; the model was fine-tuned on {} at most", count, name, task.dates[modality]);
    }
  }
}

std::string describe_images(const SceneRequest& request) {
  std::string text;
  for (const auto& images : request.images) {
    for (const SceneImage& image : images) {
      std::error_code ignored;
      const auto size = std::filesystem::file_size(image.path, ignored);
      const auto changed = std::filesystem::last_write_time(image.path, ignored).time_since_epoch().count();
      text += fmt::format("{}{}@{}", text.empty() ? "" : "; ", image.path, image.date ? image.date->text() : "");
      if (!image.mask.empty()) text += " mask " + image.mask;
      if (!ignored) text += fmt::format(" {} bytes {}", size, changed);
    }
  }
  for (const auto& sensor : request.stored) text += sensor ? " sensor " + sensor->name : "";
  if (!request.reading.bands.empty()) text += " bands " + request.reading.bands;
  for (const int64_t value : request.reading.mask_values) text += fmt::format(" mask-value {}", value);
  return text;
}

}  // namespace skysense
