#include "finetune/sample_pictures.h"

#include <algorithm>
#include <string>

#include "datasets/export_samples.h"
#include "infer/place_picture.h"
#include "viz/contact_sheet.h"

namespace skysense {
namespace {

constexpr int64_t kCell = 256;

/// The last image of the first of the task's modalities that the sample has; black without one.
Picture ground_of(const LabelledSample& sample, const TaskDescription& task, const SensorContracts& sensors) {
  for (const Modality modality : task.modalities) {
    const auto& images = sample.images[modality];
    if (images && images->series.values.size(0) > 0)
      return image_picture(images->series, images->series.values.size(0) - 1, *sensors[modality]);
  }
  return {1, 1, 3, {0, 0, 0}};
}

}  // namespace

ClassMap class_map_of(const torch::Tensor& map) {
  const auto dense = map.to(torch::kCPU, torch::kInt64).contiguous();
  return {.width = dense.size(1),
          .height = dense.size(0),
          .classes = {dense.const_data_ptr<int64_t>(), dense.const_data_ptr<int64_t>() + dense.numel()}};
}

SamplePictures::SamplePictures(const LabelledDataset& dataset, const TaskDescription& task,
                               const std::vector<int64_t>& samples, int64_t most)
    : dataset_(dataset), task_(task) {
  for (const int64_t position : evenly_spaced(static_cast<int64_t>(samples.size()), most))
    chosen_.push_back(samples[static_cast<size_t>(position)]);
}

void SamplePictures::add(int64_t number, const torch::Tensor& truth, const torch::Tensor& predicted) {
  if (std::ranges::find(chosen_, number) == chosen_.end()) return;
  PerModality<bool> modalities{};
  for (const Modality modality : task_.modalities) modalities[modality] = true;
  const LabelledSample sample = dataset_.get(number, {.modalities = modalities, .label = false});
  const Picture ground = ground_of(sample, task_, dataset_.description().sensors);
  const ClassMap wanted = class_map_of(truth[-1]), found = class_map_of(predicted[-1]);
  const auto colours = class_colours(static_cast<int64_t>(task_.classes.size()), task_.colours);
  const Picture sheet = contact_sheet({{ground, "image"},
                                       {overlay_picture(ground, wanted, colours), "truth"},
                                       {overlay_picture(ground, found, colours), "prediction"},
                                       {error_picture(wanted, found), "right and wrong"}},
                                      {.columns = 4, .cell = kCell});
  Legend legend = class_legend(task_.classes, colours, {wanted, found});
  for (const auto& entry : error_legend()) legend.push_back(entry);
  pictures_.push_back({.title = sample.entry.name, .caption = "", .picture = with_legend(sheet, legend)});
}

}  // namespace skysense
