#include "eval/object_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace skysense {
namespace {

std::string percent(const std::optional<double>& share) { return share ? fmt::format("{:.2f}", 100 * *share) : "-"; }

nlohmann::json json_of(const std::optional<double>& value) { return value ? nlohmann::json(*value) : nlohmann::json(); }

}  // namespace

ObjectScores::ObjectScores(std::vector<std::string> classes, const std::array<int64_t, 3>& most)
    : classes_(std::move(classes)),
      coco_(static_cast<int64_t>(classes_.size()), most),
      ranking_(static_cast<int64_t>(classes_.size())) {}

void ObjectScores::add(int64_t image, const DetectedImage& detected) {
  coco_.add(image, detected);
  ranking_.add(image, detected);
}

void ObjectScores::merge(const ObjectScores& other) {
  coco_.merge(other.coco_);
  ranking_.merge(other.ranking_);
}

nlohmann::json ObjectScores::to_json() const {
  const CocoScores coco = this->coco();
  const ObjectPrecision eleven = precision(PrecisionArea::kElevenPoints), all = precision(PrecisionArea::kAllPoints);
  nlohmann::json per_class = nlohmann::json::array(), recall = nlohmann::json::array();
  for (size_t k = 0; k < classes_.size(); ++k) {
    const CocoScores::OfClass& own = coco.classes[k];
    const PrecisionRecall found = curve(static_cast<int64_t>(k));
    per_class.push_back({{"class", classes_[k]},
                         {"objects", found.objects},
                         {"found", found.scores.size()},
                         {"map", json_of(own.map)},
                         {"map50", json_of(own.map50)},
                         {"map75", json_of(own.map75)},
                         {"map_small", json_of(own.small)},
                         {"map_medium", json_of(own.medium)},
                         {"map_large", json_of(own.large)},
                         {"voc07", json_of(eleven.classes[k])},
                         {"voc", json_of(all.classes[k])}});
  }
  for (const auto& value : coco.recall) recall.push_back(json_of(value));
  return {{"map", json_of(coco.map)},
          {"map50", json_of(coco.map50)},
          {"map75", json_of(coco.map75)},
          {"map_small", json_of(coco.small)},
          {"map_medium", json_of(coco.medium)},
          {"map_large", json_of(coco.large)},
          {"recall", recall},
          {"voc07", eleven.mean},
          {"voc", all.mean},
          {"per_class", per_class}};
}

std::string ObjectScores::table() const {
  const CocoScores coco = this->coco();
  const ObjectPrecision eleven = precision(PrecisionArea::kElevenPoints), all = precision(PrecisionArea::kAllPoints);
  size_t width = 5;
  for (const std::string& name : classes_) width = std::max(width, name.size());
  std::string table;
  const auto line = [&](const std::string& name, const std::string& objects, const std::vector<std::string>& values) {
    table += fmt::format("{:<{}} {:>8}", name, width, objects);
    for (const std::string& value : values) table += fmt::format(" {:>7}", value);
    table += "\n";
  };
  line("class", "objects", {"mAP", "AP50", "AP75", "small", "medium", "large", "VOC07", "VOC"});
  int64_t objects = 0;
  for (size_t k = 0; k < classes_.size(); ++k) {
    const CocoScores::OfClass& own = coco.classes[k];
    const int64_t count = curve(static_cast<int64_t>(k)).objects;
    objects += count;
    line(classes_[k], std::to_string(count),
         {percent(own.map), percent(own.map50), percent(own.map75), percent(own.small), percent(own.medium),
          percent(own.large), percent(eleven.classes[k]), percent(all.classes[k])});
  }
  line("mean", std::to_string(objects),
       {percent(coco.map), percent(coco.map50), percent(coco.map75), percent(coco.small), percent(coco.medium),
        percent(coco.large), percent(eleven.mean), percent(all.mean)});
  return table;
}

}  // namespace skysense
