#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "infer/scene_seams.h"
#include "tests/infer/planted_world.h"

namespace skysense {
namespace {

using testing::PlantedWorld;

/// All tiles of the scene, answered by the world, merged as a scene's run does.
std::vector<FoundObject> detected(const PlantedWorld& world, int64_t side, const Tiling& endless,
                                  bool row_by_row = true, int64_t* most_held = nullptr) {
  const CellWindow scene{0, 0, side, side};
  const Tiling tiling = endless.within(scene);
  SceneSeams seams(tiling, 1, {0, 0});
  std::vector<FoundObject> objects;
  const auto groups = tiling.groups_touching(scene);
  for (const TileGroup& group : groups) {
    if (row_by_row) {
      const auto final_ones = seams.before(group);
      objects.insert(objects.end(), final_ones.begin(), final_ones.end());
      if (most_held != nullptr) *most_held = std::max(*most_held, seams.held());
    }
    for (int64_t tile = 0; tile < tiling.batch(); ++tile) {
      if (!seams.has(group, tile)) continue;
      seams.add(group, tile, world.seen_in(seams.bounds(group, tile)));
    }
  }
  const auto last = seams.finish();
  objects.insert(objects.end(), last.begin(), last.end());
  return objects;
}

struct Account {
  int64_t lost = 0, doubled = 0, moved = 0;
  bool operator==(const Account&) const = default;
};

Account account_of(const PlantedWorld& world, const std::vector<FoundObject>& found) {
  std::vector<int64_t> times(world.objects().size());
  Account account;
  for (const FoundObject& object : found) {
    const auto number = static_cast<size_t>(object.score);
    const OrientedBox &box = object.box, &truth = world.objects().at(number).box;
    ++times[number];
    // Neither a piece nor another object.
    if (std::hypot(box.x - truth.x, box.y - truth.y) > 2.5 ||
        std::abs(box.area() - truth.area()) > 0.12 * truth.area() ||
        object.object_class != world.objects()[number].object_class)
      ++account.moved;
  }
  for (const int64_t count : times) {
    account.lost += count == 0 ? 1 : 0;
    account.doubled += count > 1 ? count - 1 : 0;
  }
  return account;
}

void PrintTo(const Account& account, std::ostream* out) {
  *out << account.lost << " lost, " << account.doubled << " doubled, " << account.moved << " not the planted box";
}

constexpr int64_t kSide = 10'000;
constexpr size_t kObjects = 50'000;

struct Cut {
  int64_t tile, overlap, batch;
};

TEST(PlantedScene, NoneOf50000ObjectsIsLostOrDoubledWhateverTheTiles) {
  const PlantedWorld world(kSide, kObjects, /*turned=*/true, 1);
  ASSERT_EQ(world.objects().size(), kObjects);
  for (const Cut& cut : {Cut{512, 190, 4}, Cut{800, 200, 1}, Cut{1024, 256, 1}, Cut{1000, 500, 2}, Cut{400, 200, 6}}) {
    const Tiling tiling(cut.tile, cut.overlap, cut.batch);
    EXPECT_EQ(account_of(world, detected(world, kSide, tiling)), Account{}) << tiling.text();
  }
}

TEST(PlantedScene, NorWithTilesAndOverlapsDrawnAtRandom) {
  constexpr int64_t kSmaller = 2500;
  std::mt19937_64 random(9);
  const auto between = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % static_cast<uint64_t>(most - least + 1));
  };
  for (uint64_t draw = 0; draw < 40; ++draw) {
    const PlantedWorld world(kSmaller, kObjects, draw % 4 != 0, 100 + draw);
    const int64_t tile = between(2 * static_cast<int64_t>(PlantedWorld::kLargest), 1500);
    const Tiling tiling(tile, between(static_cast<int64_t>(PlantedWorld::kLargest), tile / 2), between(1, 6));
    EXPECT_EQ(account_of(world, detected(world, kSmaller, tiling)), Account{})
        << "draw " << draw << ", " << tiling.text();
  }
}

TEST(PlantedScene, NorIsOneOfObjectsAlongTheAxes) {
  const PlantedWorld world(kSide, kObjects, /*turned=*/false, 2);
  for (const Cut& cut : {Cut{512, 190, 4}, Cut{640, 320, 1}}) {
    const Tiling tiling(cut.tile, cut.overlap, cut.batch);
    EXPECT_EQ(account_of(world, detected(world, kSide, tiling)), Account{}) << tiling.text();
  }
}

TEST(PlantedScene, ASmallOverlapCutsLargeObjects) {
  // The other side of the promise: the test above can fail.
  const PlantedWorld world(3000, kObjects, true, 3);
  EXPECT_NE(account_of(world, detected(world, 3000, Tiling(512, 32, 1))), Account{});
}

TEST(PlantedScene, ObjectsAreGivenOutAsSoonAsTheyAreFinal) {
  const PlantedWorld world(4000, kObjects, true, 4);
  const Tiling tiling(512, 192, 2);
  int64_t most = 0;
  const auto streamed = detected(world, 4000, tiling, true, &most), at_once = detected(world, 4000, tiling, false);
  EXPECT_LT(most, static_cast<int64_t>(at_once.size()) / 2);
  ASSERT_EQ(streamed.size(), at_once.size());
  const auto key = [](const FoundObject& object) { return object.score; };
  auto first = streamed, second = at_once;
  std::ranges::sort(first, {}, key);
  std::ranges::sort(second, {}, key);
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].score, second[i].score);
    EXPECT_EQ(first[i].box.x, second[i].box.x);
  }
}

}  // namespace
}  // namespace skysense
