#include "detection/seam_merge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "boxes/box_grid.h"
#include "boxes/rotated_overlap.h"

namespace skysense {
namespace {

constexpr double kSameIou = 0.1;     // long thin boxes lose most of their overlap by a few degrees
constexpr double kPieceShare = 0.5;  // of a piece that lies within what it yields to
// How far a box may be drawn from where its object ends: two pixels, and a tenth of its longer side.
constexpr double kSlackPixels = 2, kSlackShare = 0.1;

double slack_of(const OrientedBox& box) { return kSlackPixels + kSlackShare * std::max(box.width, box.height); }

UprightBox grown(const UprightBox& box, double by) {
  return {box.left - by, box.top - by, box.right + by, box.bottom + by};
}

bool holds(const OrientedBox& box, double x, double y) {
  const double dx = x - box.x, dy = y - box.y, c = std::cos(box.angle), s = std::sin(box.angle);
  return std::abs(dx * c + dy * s) <= box.width / 2 && std::abs(dy * c - dx * s) <= box.height / 2;
}

bool meet(const UprightBox& a, const UprightBox& b) {
  return a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
}

double overlap(const OrientedBox& first, const OrientedBox& second, OverlapOf of) {
  RotatedColumns one(1), other(1);
  one.set(0, 0, 0, first.width, first.height, first.angle);
  other.set(0, second.x - first.x, second.y - first.y, second.width, second.height, second.angle);
  double result = 0;
  rotated_overlaps(one, 0, other, 0, 1, of, &result);
  return result;
}

/// Whether `piece` lies for the most part within `whole`, drawn with its slack: a sliver at a tile's edge too.
bool covers(const OrientedBox& whole, const OrientedBox& piece) {
  OrientedBox reach = whole;
  reach.width += 2 * slack_of(whole);
  reach.height += 2 * slack_of(whole);
  return overlap(piece, reach, OverlapOf::kFirst) > kPieceShare;
}

/// Sets that grow together.
class Groups {
 public:
  explicit Groups(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
  size_t of(size_t member) {
    while (parent_[member] != member) member = parent_[member] = parent_[parent_[member]];
    return member;
  }
  /// The lower number stands for the whole.
  void join(size_t a, size_t b) {
    a = of(a), b = of(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parent_;
};

bool disjoint(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  return std::ranges::none_of(a, [&](int64_t tile) { return std::ranges::find(b, tile) != b.end(); });
}

}  // namespace

void SeamMerge::add(const SeamTile& tile, const std::vector<FoundObject>& objects) {
  for (const FoundObject& object : objects) {
    const OrientedBox& box = object.box;
    const bool inside = box.x >= tile.bounds.left && box.x < tile.bounds.right && box.y >= tile.bounds.top &&
                        box.y < tile.bounds.bottom;
    if (!inside) continue;
    const UprightBox reach = grown(box.bounds(), slack_of(box));
    const bool cut = reach.left < tile.seen.left || reach.top < tile.seen.top || reach.right > tile.seen.right ||
                     reach.bottom > tile.seen.bottom;
    sightings_.push_back({.object = object, .reach = reach, .tile = tiles_, .cut = cut});
  }
  ++tiles_;
}

std::vector<SeamMerge::Pair> SeamMerge::pairs() const {
  std::vector<GridBox> boxes;
  boxes.reserve(sightings_.size());
  for (const Sighting& sighting : sightings_) {
    const UprightBox& reach = sighting.reach;
    boxes.push_back({reach.left, reach.top, reach.right, reach.bottom, reach.area(), sighting.object.object_class});
  }
  const BoxGrid grid(boxes);
  std::vector<Pair> pairs;
  for (size_t place = 0; place < boxes.size(); ++place) {
    const int64_t first = grid.order()[place];
    const Sighting& a = sightings_[static_cast<size_t>(first)];
    grid.near(static_cast<int64_t>(place), 0, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t second = grid.order()[static_cast<size_t>(i)];
        const Sighting& b = sightings_[static_cast<size_t>(second)];
        if (second <= first || a.tile == b.tile || !meet(a.reach, b.reach)) continue;
        const OrientedBox &one = a.object.box, &other = b.object.box;
        const double iou = overlap(one, other, OverlapOf::kUnion);
        const bool same = iou >= kSameIou && holds(one, other.x, other.y) && holds(other, one.x, one.y);
        const bool piece = (a.cut && covers(other, one)) || (b.cut && covers(one, other));
        if (same || piece) pairs.push_back({first, second, iou, same});
      }
    });
  }
  return pairs;
}

std::vector<int64_t> SeamMerge::resolve(const std::vector<int64_t>& members, std::vector<Pair> pairs) const {
  std::map<int64_t, size_t> place;
  for (size_t i = 0; i < members.size(); ++i) place[members[i]] = i;
  const auto at = [&](int64_t number) -> const Sighting& { return sightings_[static_cast<size_t>(number)]; };

  std::ranges::sort(pairs, [](const Pair& a, const Pair& b) {
    return a.iou != b.iou ? a.iou > b.iou : std::pair(a.first, a.second) < std::pair(b.first, b.second);
  });
  Groups groups(members.size());
  std::vector<std::vector<int64_t>> tiles;  // that see each group
  for (const int64_t member : members) tiles.push_back({at(member).tile});
  for (const Pair& pair : pairs) {
    const size_t a = groups.of(place[pair.first]), b = groups.of(place[pair.second]);
    if (!pair.same || a == b || !disjoint(tiles[a], tiles[b])) continue;
    groups.join(a, b);
    auto& all = tiles[std::min(a, b)];
    all.insert(all.end(), tiles[std::max(a, b)].begin(), tiles[std::max(a, b)].end());
  }

  std::map<size_t, int64_t> best;  // of each group
  for (const int64_t member : members) {
    const auto [entry, first] = best.emplace(groups.of(place[member]), member);
    const Sighting &now = at(entry->second), &other = at(member);
    if (!first && (now.cut != other.cut ? now.cut : other.object.score > now.object.score)) entry->second = member;
  }
  std::vector<std::pair<size_t, int64_t>> order(best.begin(), best.end());
  std::ranges::stable_sort(order, [&](const auto& a, const auto& b) {
    const Sighting &one = at(a.second), &other = at(b.second);
    return one.cut != other.cut ? other.cut : one.object.box.area() > other.object.box.area();
  });
  std::vector<std::pair<size_t, int64_t>> kept;
  for (const auto& [group, number] : order) {
    const Sighting& seen = at(number);
    const bool piece =
        seen.cut && std::ranges::any_of(kept, [&](const auto& whole) {
          return disjoint({seen.tile}, tiles[whole.first]) && covers(at(whole.second).object.box, seen.object.box);
        });
    if (!piece) kept.push_back({group, number});
  }
  std::vector<int64_t> numbers;
  for (const auto& [group, number] : kept) numbers.push_back(number);
  return numbers;
}

std::vector<FoundObject> SeamMerge::take(double top) {
  const std::vector<Pair> all = pairs();
  Groups groups(sightings_.size());
  for (const Pair& pair : all) groups.join(static_cast<size_t>(pair.first), static_cast<size_t>(pair.second));
  struct Set {
    std::vector<int64_t> members;
    std::vector<Pair> pairs;
    double bottom = -std::numeric_limits<double>::infinity();
  };
  std::map<size_t, Set> sets;
  for (size_t i = 0; i < sightings_.size(); ++i) {
    Set& set = sets[groups.of(i)];
    set.members.push_back(static_cast<int64_t>(i));
    set.bottom = std::max(set.bottom, sightings_[i].reach.bottom);
  }
  for (const Pair& pair : all) sets[groups.of(static_cast<size_t>(pair.first))].pairs.push_back(pair);

  std::vector<int64_t> kept;
  std::vector<uint8_t> open(sightings_.size());
  for (const auto& [first, set] : sets) {
    if (set.bottom > top) {
      for (const int64_t member : set.members) open[static_cast<size_t>(member)] = 1;
      continue;
    }
    const auto numbers = resolve(set.members, set.pairs);
    kept.insert(kept.end(), numbers.begin(), numbers.end());
  }
  std::ranges::sort(kept);
  std::vector<FoundObject> objects;
  for (const int64_t number : kept) objects.push_back(sightings_[static_cast<size_t>(number)].object);
  std::vector<Sighting> left;
  for (size_t i = 0; i < sightings_.size(); ++i) {
    if (open[i]) left.push_back(sightings_[i]);
  }
  sightings_ = std::move(left);
  return objects;
}

std::vector<FoundObject> SeamMerge::finish() { return take(std::numeric_limits<double>::infinity()); }

}  // namespace skysense
