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
  }
  return "";
}

std::vector<int64_t> samples_of(const LabelledDataset& dataset, const std::string& split) {
  std::vector<int64_t> numbers;
  for (int64_t number = 0; number < dataset.size(); ++number) {
    if (dataset.entry(number).split == split) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace skysense
