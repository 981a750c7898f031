#include "datasets/labelled_dataset.h"

namespace skysense {

std::string label_kind_name(LabelKind kind) {
  switch (kind) {
    case LabelKind::kClass:
      return "class";
    case LabelKind::kMultiLabel:
      return "multi-label";
    case LabelKind::kMask:
      return "mask";
    case LabelKind::kChangeMask:
      return "change mask";
    case LabelKind::kTwoMasks:
      return "two masks";
    case LabelKind::kMaskSeries:
      return "series of masks";
    case LabelKind::kBoxes:
      return "boxes";
  }
  return "";
}

PerModality<std::optional<RasterSize>> LabelledDataset::image_sizes(int64_t number) const {
  const LabelledSample sample = get(number, {.label = false});
  PerModality<std::optional<RasterSize>> sizes;
  for (const Modality modality : kModalities) {
    if (sample.images[modality]) sizes[modality] = sample.images[modality]->series.whole_size();
  }
  return sizes;
}

std::vector<int64_t> samples_of(const LabelledDataset& dataset, const std::string& split) {
  std::vector<int64_t> numbers;
  for (int64_t number = 0; number < dataset.size(); ++number) {
    if (dataset.entry(number).split == split) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace skysense
