#include "eval/coco_precision.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace skysense {
namespace {

constexpr int64_t kRecalls = 101;

/// As NumPy's linspace rounds them: overlaps that are met exactly depend on it.
double overlap_threshold(int64_t t) {
  constexpr double kFirst = 0.5, kLast = 0.95;
  return t == 9 ? kLast : static_cast<double>(t) * ((kLast - kFirst) / 9) + kFirst;
}
double recall_threshold(int64_t r) { return r == kRecalls - 1 ? 1.0 : static_cast<double>(r) * 0.01; }

bool is_of(double area, ObjectSize size) {
  constexpr double kSmall = 32 * 32, kLarge = 96 * 96, kMost = 1e10;
  switch (size) {
    case ObjectSize::kAny:
      return area >= 0 && area <= kMost;
    case ObjectSize::kSmall:
      return area >= 0 && area <= kSmall;
    case ObjectSize::kMedium:
      return area >= kSmall && area <= kLarge;
    case ObjectSize::kLarge:
      return area >= kLarge && area <= kMost;
  }
  return false;
}

/// A mean over the values that there are.
class Mean {
 public:
  void add(double value) {
    sum_ += value;
    ++count_;
  }
  std::optional<double> value() const {
    return count_ == 0 ? std::nullopt : std::optional<double>(sum_ / static_cast<double>(count_));
  }

 private:
  double sum_ = 0;
  int64_t count_ = 0;
};

template <class Values>
std::optional<double> mean_of(const Values& values) {
  Mean mean;
  for (const double value : values) mean.add(value);
  return mean.value();
}

}  // namespace

CocoPrecision::CocoPrecision(int64_t classes, const std::array<int64_t, 3>& most) : most_(most) {
  TORCH_CHECK_VALUE(classes > 0, "at least one class is needed");
  TORCH_CHECK_VALUE(most[0] >= 1 && most[0] <= most[1] && most[1] <= most[2], "numbers of boxes ascend from 1, not ",
                    most[0], ", ", most[1], ", ", most[2]);
  classes_.resize(static_cast<size_t>(classes));
}

void CocoPrecision::match(const DetectedClass& part, ObjectSize size, std::vector<Found>& found) const {
  const auto s = static_cast<size_t>(size);
  std::vector<uint8_t> left_out;  // of the objects
  for (int64_t object = 0; object < part.objects(); ++object) {
    const auto i = static_cast<size_t>(object);
    left_out.push_back(part.ignored[i] != 0 || !is_of(part.object_areas[i], size) ? 1 : 0);
  }
  std::vector<int64_t> order;  // objects that count come first
  for (const uint8_t flag : {0, 1}) {
    for (int64_t object = 0; object < part.objects(); ++object) {
      if (left_out[static_cast<size_t>(object)] == flag) order.push_back(object);
    }
  }
  for (int64_t t = 0; t < kOverlaps; ++t) {
    const auto bit = static_cast<uint16_t>(1 << t);
    std::vector<uint8_t> taken(left_out.size());
    for (Found& box : found) {
      double least = std::min(overlap_threshold(t), 1 - 1e-10);
      int64_t best = -1;
      for (const int64_t object : order) {
        const auto i = static_cast<size_t>(object);
        if (taken[i] != 0 && part.ignored[i] == 0) continue;  // what is ignored can be taken again
        if (best >= 0 && left_out[static_cast<size_t>(best)] == 0 && left_out[i] != 0) break;
        if (part.overlap(box.number, object) < least) continue;
        least = part.overlap(box.number, object);
        best = object;
      }
      if (best >= 0) {
        taken[static_cast<size_t>(best)] = 1;
        box.matched[s] |= bit;
        if (left_out[static_cast<size_t>(best)] != 0) box.ignored[s] |= bit;
      } else if (!is_of(part.areas[static_cast<size_t>(box.number)], size)) {
        box.ignored[s] |= bit;
      }
    }
  }
}

void CocoPrecision::add(int64_t image, const DetectedImage& detected) {
  for (const auto& [k, part] : split_by_class(detected, static_cast<int64_t>(classes_.size()))) {
    Ranking& ranking = classes_[static_cast<size_t>(k)];
    std::vector<Found> found;
    for (int64_t i = 0; i < std::min(part.found(), most_.back()); ++i)
      found.push_back({.score = part.scores[static_cast<size_t>(i)], .image = image, .number = i});
    for (int64_t s = 0; s < kObjectSizes; ++s) {
      const auto size = static_cast<ObjectSize>(s);
      match(part, size, found);
      for (size_t object = 0; object < part.ignored.size(); ++object) {
        if (part.ignored[object] == 0 && is_of(part.object_areas[object], size))
          ++ranking.objects[static_cast<size_t>(s)];
      }
    }
    ranking.found.insert(ranking.found.end(), found.begin(), found.end());
  }
}

void CocoPrecision::merge(const CocoPrecision& other) {
  TORCH_CHECK_VALUE(classes_.size() == other.classes_.size() && most_ == other.most_,
                    "metrics of other classes or numbers of boxes");
  for (size_t k = 0; k < classes_.size(); ++k) {
    const Ranking& added = other.classes_[k];
    classes_[k].found.insert(classes_[k].found.end(), added.found.begin(), added.found.end());
    for (size_t s = 0; s < kObjectSizes; ++s) classes_[k].objects[s] += added.objects[s];
  }
}

std::optional<CocoPrecision::Curve> CocoPrecision::curve_of(const Ranking& ranking, ObjectSize size,
                                                            int64_t most) const {
  const auto s = static_cast<size_t>(size);
  if (ranking.objects[s] == 0) return std::nullopt;
  const auto objects = static_cast<double>(ranking.objects[s]);
  Curve curve{};
  for (int64_t t = 0; t < kOverlaps; ++t) {
    std::vector<double> recall, precision;
    double right = 0, wrong = 0;
    for (const Found& box : ranking.found) {
      if (box.number >= most) continue;
      const bool ignored = (box.ignored[s] >> t & 1) != 0, matched = (box.matched[s] >> t & 1) != 0;
      if (!ignored) (matched ? right : wrong) += 1;
      recall.push_back(right / objects);
      precision.push_back(right / (wrong + right + std::numeric_limits<double>::epsilon()));
    }
    for (size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
    double sum = 0;
    for (int64_t r = 0; r < kRecalls; ++r) {
      const auto from = std::ranges::lower_bound(recall, recall_threshold(r));
      if (from == recall.end()) break;
      sum += precision[static_cast<size_t>(from - recall.begin())];
    }
    curve.precision[static_cast<size_t>(t)] = sum / kRecalls;
    curve.recall[static_cast<size_t>(t)] = recall.empty() ? 0 : recall.back();
  }
  return curve;
}

CocoScores CocoPrecision::scores() const {
  constexpr size_t k50 = 0, k75 = 5;
  CocoScores scores;
  Mean map50, map75;
  std::array<Mean, kObjectSizes> precision, recall;
  std::array<Mean, 3> recall_with;
  for (const Ranking& unsorted : classes_) {
    Ranking ranking = unsorted;
    std::ranges::sort(ranking.found, {}, [](const Found& f) { return std::tuple(-f.score, f.image, f.number); });
    std::array<std::optional<double>, kObjectSizes> means;
    CocoScores::OfClass own;
    for (size_t s = 0; s < kObjectSizes; ++s) {
      const auto curve = curve_of(ranking, static_cast<ObjectSize>(s), most_.back());
      if (!curve) continue;
      means[s] = mean_of(curve->precision);
      precision[s].add(*means[s]);
      recall[s].add(*mean_of(curve->recall));
      if (s > 0) continue;
      own.map50 = curve->precision[k50];
      own.map75 = curve->precision[k75];
      map50.add(*own.map50);
      map75.add(*own.map75);
    }
    for (size_t m = 0; m < most_.size(); ++m) {
      if (const auto curve = curve_of(ranking, ObjectSize::kAny, most_[m])) recall_with[m].add(*mean_of(curve->recall));
    }
    own.map = means[0];
    own.small = means[1];
    own.medium = means[2];
    own.large = means[3];
    scores.classes.push_back(own);
  }
  scores.map = precision[0].value();
  scores.map50 = map50.value();
  scores.map75 = map75.value();
  scores.small = precision[1].value();
  scores.medium = precision[2].value();
  scores.large = precision[3].value();
  for (size_t m = 0; m < most_.size(); ++m) scores.recall[m] = recall_with[m].value();
  scores.recall_small = recall[1].value();
  scores.recall_medium = recall[2].value();
  scores.recall_large = recall[3].value();
  return scores;
}

}  // namespace skysense
