#include "infer/object_records.h"

#include <cmath>
#include <cstring>

namespace skysense {
namespace {

constexpr size_t kObjectBytes = 7 * 8;
constexpr double kMostPixels = 1e10;  // of any coordinate or side: more than a raster of GDAL is wide

template <class Number>
void put(std::string& bytes, Number value) {
  char raw[sizeof(Number)];
  std::memcpy(raw, &value, sizeof(Number));
  bytes.append(raw, sizeof(Number));
}

class Bytes {
 public:
  explicit Bytes(const std::string& bytes) : bytes_(bytes) {}
  /// False where they end before.
  template <class Number>
  bool take(Number& value) {
    if (left() < sizeof(Number)) return false;
    std::memcpy(&value, bytes_.data() + at_, sizeof(Number));
    at_ += sizeof(Number);
    return true;
  }
  size_t left() const { return bytes_.size() - at_; }

 private:
  const std::string& bytes_;
  size_t at_ = 0;
};

bool possible(const FoundObject& object, int64_t classes) {
  const OrientedBox& box = object.box;
  for (const double value : {box.x, box.y, box.width, box.height, box.angle})
    if (!(std::abs(value) < kMostPixels)) return false;
  return box.width >= 0 && box.height >= 0 && std::isfinite(object.score) && object.object_class >= 0 &&
         object.object_class < classes;
}

}  // namespace

std::string pack_objects(const GroupObjects& objects) {
  std::string bytes;
  put(bytes, objects.computed);
  put(bytes, objects.on_nodata);
  for (const auto& tile : objects.tiles) {
    put(bytes, static_cast<int64_t>(tile.size()));
    for (const FoundObject& object : tile) {
      for (const double value : {object.box.x, object.box.y, object.box.width, object.box.height, object.box.angle})
        put(bytes, value);
      put(bytes, object.object_class);
      put(bytes, object.score);
    }
  }
  return bytes;
}

std::optional<GroupObjects> unpack_objects(const std::string& text, int64_t batch, int64_t classes) {
  Bytes bytes(text);
  GroupObjects objects;
  if (!bytes.take(objects.computed) || !bytes.take(objects.on_nodata)) return std::nullopt;
  if (objects.computed < 0 || objects.computed > batch || objects.on_nodata < 0) return std::nullopt;
  for (int64_t i = 0; i < batch; ++i) {
    int64_t count = 0;
    if (!bytes.take(count) || count < 0 || static_cast<uint64_t>(count) > bytes.left() / kObjectBytes)
      return std::nullopt;
    auto& tile = objects.tiles.emplace_back(static_cast<size_t>(count));
    for (FoundObject& object : tile) {
      for (double* value : {&object.box.x, &object.box.y, &object.box.width, &object.box.height, &object.box.angle})
        bytes.take(*value);
      bytes.take(object.object_class);
      bytes.take(object.score);
      if (!possible(object, classes)) return std::nullopt;
    }
  }
  if (bytes.left() != 0) return std::nullopt;
  return objects;
}

}  // namespace skysense
