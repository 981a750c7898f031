#include "eval/detected_image.h"

#include <algorithm>
#include <numeric>

namespace skysense {
namespace {

template <class T>
std::vector<T> values_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().to(torch::kCPU, c10::CppTypeToScalarType<T>::value).contiguous();
  return {flat.const_data_ptr<T>(), flat.const_data_ptr<T>() + flat.numel()};
}

void check_list(const torch::Tensor& list, int64_t length, const char* what) {
  TORCH_CHECK_VALUE(list.dim() == 1 && list.size(0) == length, what, " are [", length, "], not ", list.sizes());
}

void check_classes(const std::vector<int64_t>& numbers, int64_t classes) {
  for (const int64_t k : numbers) TORCH_CHECK_VALUE(k >= 0 && k < classes, "class ", k, " of ", classes);
}

void check_numbers(const torch::Tensor& numbers, const char* what) {
  TORCH_CHECK_VALUE(numbers.is_floating_point() && !torch::isnan(numbers).any().item<bool>(), what,
                    " are floating and not NaN");
}

}  // namespace

std::map<int64_t, DetectedClass> split_by_class(const DetectedImage& image, int64_t classes) {
  const int64_t found = image.scores.numel(), objects = image.object_classes.numel();
  check_list(image.scores, found, "scores");
  check_list(image.classes, found, "classes");
  check_list(image.areas, found, "areas");
  check_list(image.object_classes, objects, "classes of objects");
  check_list(image.object_areas, objects, "areas of objects");
  check_list(image.ignored, objects, "flags of ignored objects");
  TORCH_CHECK_VALUE(image.overlaps.dim() == 2 && image.overlaps.size(0) == found && image.overlaps.size(1) == objects,
                    "overlaps are [", found, ", ", objects, "], not ", image.overlaps.sizes());
  check_numbers(image.scores, "scores");
  check_numbers(image.areas, "areas");
  check_numbers(image.object_areas, "areas of objects");
  check_numbers(image.overlaps, "overlaps");

  const auto scores = values_of<double>(image.scores), areas = values_of<double>(image.areas),
             object_areas = values_of<double>(image.object_areas), overlaps = values_of<double>(image.overlaps);
  const auto found_classes = values_of<int64_t>(image.classes),
             object_classes = values_of<int64_t>(image.object_classes);
  const auto ignored = values_of<uint8_t>(image.ignored);
  check_classes(found_classes, classes);
  check_classes(object_classes, classes);

  std::map<int64_t, std::vector<size_t>> objects_of, found_of;
  for (size_t i = 0; i < object_classes.size(); ++i) objects_of[object_classes[i]].push_back(i);
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  for (const size_t i : order) found_of[found_classes[i]].push_back(i);

  std::map<int64_t, DetectedClass> parts;
  for (const auto& [k, numbers] : objects_of) {
    for (const size_t i : numbers) {
      parts[k].object_areas.push_back(object_areas[i]);
      parts[k].ignored.push_back(ignored[i] != 0 ? 1 : 0);
    }
  }
  for (const auto& [k, numbers] : found_of) {
    DetectedClass& part = parts[k];
    for (const size_t i : numbers) {
      part.scores.push_back(scores[i]);
      part.areas.push_back(areas[i]);
      for (const size_t object : objects_of[k])
        part.overlaps.push_back(overlaps[i * static_cast<size_t>(objects) + object]);
    }
  }
  return parts;
}

}  // namespace skysense
