#include "fuzz/target.h"
#include "infer/object_records.h"

namespace {

constexpr int64_t kTile = 64, kColumns = 2;

/// Whatever a record holds can be merged: nothing is won by it.
void merge(const skysense::GroupObjects& objects) {
  skysense::SeamMerge seams;
  size_t given = 0, found = 0;
  for (size_t i = 0; i < objects.tiles.size(); ++i) {
    const auto left = static_cast<double>(static_cast<int64_t>(i) % kColumns * kTile / 2),
               top = static_cast<double>(static_cast<int64_t>(i) / kColumns * kTile / 2);
    const skysense::UprightBox bounds{left, top, left + kTile, top + kTile};
    seams.add({.bounds = bounds, .seen = bounds}, objects.tiles[i]);
    given += objects.tiles[i].size();
    if (static_cast<int64_t>(i) % kColumns == 0) found += seams.take(top).size();
  }
  found += seams.finish().size();
  if (found > given) __builtin_trap();
}

}  // namespace

/// Two bytes for the tiles of a batch and the classes of the model, then the record of a batch of objects.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  const int64_t batch = bytes[0] % 8, classes = bytes[1] % 16;
  const std::string record = skysense::fuzz::text_of(bytes + 2, size - 2);
  const auto objects = skysense::unpack_objects(record, batch, classes);
  if (!objects) return 0;
  if (static_cast<int64_t>(objects->tiles.size()) != batch || objects->computed > batch) __builtin_trap();
  for (const auto& tile : objects->tiles) {
    for (const auto& object : tile)
      if (!object.box.finite() || object.object_class < 0 || object.object_class >= classes) __builtin_trap();
  }
  if (skysense::pack_objects(*objects) != record) __builtin_trap();
  merge(*objects);
  return 0;
}
