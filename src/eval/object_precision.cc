#include "eval/object_precision.h"

#include <algorithm>
#include <tuple>

namespace skysense {
namespace {

/// The best precision from each place of the curve on.
std::vector<double> envelope(const std::vector<double>& precision) {
  std::vector<double> best = precision;
  for (size_t i = best.size(); i-- > 1;) best[i - 1] = std::max(best[i - 1], best[i]);
  return best;
}

}  // namespace

std::optional<double> PrecisionRecall::average_precision(PrecisionArea area) const {
  if (objects == 0) return std::nullopt;
  const std::vector<double> best = envelope(precision);
  double sum = 0;
  if (area == PrecisionArea::kElevenPoints) {
    for (int i = 0; i <= 10; ++i) {
      const auto from = std::ranges::lower_bound(recall, i * 0.1);  // the kits' own rounding: 3 * 0.1 is above 0.3
      if (from != recall.end()) sum += best[static_cast<size_t>(from - recall.begin())];
    }
    return sum / 11;
  }
  for (size_t i = 0; i < best.size(); ++i) sum += (recall[i] - (i == 0 ? 0 : recall[i - 1])) * best[i];
  return sum;
}

ObjectRanking::ObjectRanking(int64_t classes, double threshold) : threshold_(threshold) {
  TORCH_CHECK_VALUE(classes > 0, "at least one class is needed");
  TORCH_CHECK_VALUE(threshold >= 0 && threshold <= 1, "an overlap to ask for is 0 to 1, not ", threshold);
  classes_.resize(static_cast<size_t>(classes));
}

void ObjectRanking::add(int64_t image, const DetectedImage& detected) {
  for (const auto& [k, part] : split_by_class(detected, static_cast<int64_t>(classes_.size()))) {
    Ranking& ranking = classes_[static_cast<size_t>(k)];
    ranking.objects += std::ranges::count(part.ignored, 0);
    std::vector<uint8_t> taken(part.ignored.size());
    for (int64_t i = 0; i < part.found(); ++i) {
      double most = -1;
      size_t nearest = 0;
      for (int64_t object = 0; object < part.objects(); ++object) {
        if (part.overlap(i, object) <= most) continue;
        most = part.overlap(i, object);
        nearest = static_cast<size_t>(object);
      }
      const bool on_object = most > threshold_;
      if (on_object && part.ignored[nearest] != 0) continue;
      const bool right = on_object && taken[nearest] == 0;
      if (right) taken[nearest] = 1;
      ranking.found.push_back({part.scores[static_cast<size_t>(i)], image, i, right});
    }
  }
}

void ObjectRanking::merge(const ObjectRanking& other) {
  TORCH_CHECK_VALUE(classes_.size() == other.classes_.size() && threshold_ == other.threshold_, "rankings of ",
                    classes_.size(), " and ", other.classes_.size(), " classes at ", threshold_, " and ",
                    other.threshold_);
  for (size_t k = 0; k < classes_.size(); ++k) {
    const Ranking& added = other.classes_[k];
    classes_[k].found.insert(classes_[k].found.end(), added.found.begin(), added.found.end());
    classes_[k].objects += added.objects;
  }
}

PrecisionRecall ObjectRanking::curve(int64_t object_class) const {
  const Ranking& ranking = classes_.at(static_cast<size_t>(object_class));
  std::vector<Found> found = ranking.found;
  std::ranges::sort(found, {}, [](const Found& f) { return std::tuple(-f.score, f.image, f.number); });
  PrecisionRecall curve{.objects = ranking.objects, .scores = {}, .recall = {}, .precision = {}};
  int64_t right = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    right += found[i].right ? 1 : 0;
    curve.scores.push_back(found[i].score);
    curve.recall.push_back(ranking.objects == 0 ? 0
                                                : static_cast<double>(right) / static_cast<double>(ranking.objects));
    curve.precision.push_back(static_cast<double>(right) / static_cast<double>(i + 1));
  }
  return curve;
}

ObjectPrecision ObjectRanking::precision(PrecisionArea area) const {
  ObjectPrecision result;
  int64_t counted = 0;
  for (size_t k = 0; k < classes_.size(); ++k) {
    result.classes.push_back(curve(static_cast<int64_t>(k)).average_precision(area));
    if (!result.classes.back()) continue;
    result.mean += *result.classes.back();
    ++counted;
  }
  if (counted > 0) result.mean /= static_cast<double>(counted);
  return result;
}

}  // namespace skysense
