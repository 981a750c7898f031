#include "infer/detect_scene.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint_files.h"
#include "infer/block_store.h"
#include "raster/vector_objects.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"
#include "tests/infer/planted_world.h"
#include "tests/infer/scene_files.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::Place;
using testing::PlantedWorld;
using testing::TemporaryFolder;
using testing::write_scene;

constexpr int64_t kSide = 1200;

/// The planted world's answers, whatever the pixels say.
class PlantedFinder : public ObjectFinder {
 public:
  PlantedFinder(const PlantedWorld& world, const CellGrid& grid, std::atomic<int64_t>& tiles)
      : world_(world), grid_(grid), tiles_(tiles) {}
  std::vector<std::vector<FoundObject>> find(const TileBatch& batch) const override {
    std::vector<std::vector<FoundObject>> found;
    for (const CellWindow& tile : batch.tiles) {
      const PixelWindow pixels = grid_.pixels_of(tile);
      const auto left = static_cast<double>(pixels.x), top = static_cast<double>(pixels.y);
      found.push_back(world_.seen_in(
          {left, top, left + static_cast<double>(pixels.width), top + static_cast<double>(pixels.height)}));
      ++tiles_;
    }
    return found;
  }
  int64_t most_objects() const override { return 2000; }
  int64_t workspace_bytes() const override { return int64_t{50} << 20; }

 private:
  const PlantedWorld& world_;
  const CellGrid& grid_;
  std::atomic<int64_t>& tiles_;
};

class DetectScene : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  PlantedWorld world{kSide, 100'000, true, 5};
  TaskProduct product = a_detector();
  const Place place{.x = 500'003, .y = 5'600'001, .pixel = 0.5, .width = kSide, .height = kSide};
  fs::path scene = write_scene(file("scene.tif"), place, 1, PixelType::kUInt8, ground);
  mutable std::atomic<int64_t> tiles_asked{0};

  fs::path file(const std::string& name) const { return folder.path() / name; }
  static float ground(int64_t, int64_t row, int64_t column) { return static_cast<float>(1 + (row + column) % 200); }

  TaskProduct a_detector() const {
    TaskProduct detector;
    detector.task.kind = TaskKind::kBoxes;
    for (int64_t i = 0; i < PlantedWorld::kClasses; ++i) detector.task.classes.push_back("class " + std::to_string(i));
    detector.task.modalities = {Modality::kHr};
    detector.task.oriented = true;
    detector.task.tile = 400;
    detector.task.pixels_per_output = {{{1, 0, 0}}};
    detector.contracts[Modality::kHr] = testing::small_contract(Modality::kHr, 1);
    detector.inference.batch = 4;
    detector.checkpoint = folder.path();
    write_file_atomically(folder.path() / kTeacherFile, "weights");
    return detector;
  }
  DetectOptions options() const {
    DetectOptions options;
    options.scene.wanted = product.contracts;
    options.scene.images[Modality::kHr] = {{scene, std::nullopt, ""}};
    options.overlap = 195;
    options.score = 0;
    return options;
  }
  DetectJob job(const DetectOptions& how) const {
    return DetectJob(product, how, [this](const TaskScenes& scenes, const Tiling&) {
      return std::make_unique<PlantedFinder>(world, scenes.scene().grid(), tiles_asked);
    });
  }
  DetectionFiles to(const std::string& name) const {
    return {.path = file(name), .format = object_format(file(name), "")};
  }
  /// The planted numbers of a COCO file's objects, sorted.
  std::vector<int64_t> numbers_in(const std::string& name) const {
    std::vector<int64_t> numbers;
    const auto document = nlohmann::json::parse(read_text_file(file(name)));
    for (const auto& annotation : document.at("annotations"))
      numbers.push_back(static_cast<int64_t>(annotation.at("score").get<double>()));
    std::ranges::sort(numbers);
    return numbers;
  }
  std::vector<int64_t> planted(const std::function<bool(const FoundObject&)>& wanted) const {
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < world.objects().size(); ++i) {
      if (wanted(world.objects()[i])) numbers.push_back(static_cast<int64_t>(i));
    }
    return numbers;
  }
  std::string refusal(const DetectOptions& how, const DetectionFiles& files) const {
    return testing::error_of([&] { detect_scene(job(how), files); });
  }
};

TEST_F(DetectScene, EveryPlantedObjectIsFoundOnceByTheWholeJob) {
  const DetectionResult result = detect_scene(job(options()), to("found.json"));
  EXPECT_EQ(numbers_in("found.json"), planted([](const FoundObject&) { return true; }));
  std::vector<int64_t> counts(PlantedWorld::kClasses);
  for (const FoundObject& object : world.objects()) ++counts[static_cast<size_t>(object.object_class)];
  EXPECT_EQ(result.objects, counts);
  EXPECT_GT(result.tiles, 16);
  EXPECT_LT(result.most_held, static_cast<int64_t>(world.objects().size()));
  EXPECT_TRUE(fs::exists(file("found.stac.json")));
  EXPECT_FALSE(fs::exists(file("found.json.journal")));
}

TEST_F(DetectScene, ThreadsAndMemoryDoNotChangeAByte) {
  detect_scene(job(options()), to("one.gpkg"));
  DetectOptions how = options();
  how.jobs = 3;
  const DetectJob three = job(how);
  EXPECT_EQ(three.memory().jobs, 3);
  detect_scene(three, to("three.gpkg"));
  how.max_memory = three.memory().total - (int64_t{60} << 20);  // more than what the program occupies may vary by
  const DetectJob limited = job(how);
  EXPECT_LT(limited.memory().jobs, 3);
  detect_scene(limited, to("limited.gpkg"));
  EXPECT_EQ(read_text_file(file("three.gpkg")), read_text_file(file("one.gpkg")));
  EXPECT_EQ(read_text_file(file("limited.gpkg")), read_text_file(file("one.gpkg")));
}

TEST_F(DetectScene, ObjectsLieOnTheRasterWhateverPixelsTheLabelsHad) {
  DetectOptions how = options();
  how.overlap = 200;
  const auto all = planted([](const FoundObject&) { return true; });
  for (const double pixels_per_label : {0.25, 4.0}) {
    product.task.pixels_per_output[Modality::kHr] = pixels_per_label;
    product.task.tile = static_cast<int64_t>(400 / pixels_per_label);
    const std::string name = fmt::format("{}.json", pixels_per_label);
    detect_scene(job(how), to(name));
    EXPECT_EQ(numbers_in(name), all) << pixels_per_label;
    how.tile = 440;  // in the scene's pixels too
    detect_scene(job(how), to("other_" + name));
    EXPECT_EQ(numbers_in("other_" + name), all) << pixels_per_label;
    how.tile = 0;
  }
}

TEST_F(DetectScene, ABoxHasTheObjectsWhoseCentresLieInIt) {
  DetectOptions how = options();
  how.bbox = MapBox{place.x + 150, place.y - 400, place.x + 350, place.y - 190};  // columns 300 to 700, rows 380 to 800
  detect_scene(job(options()), to("whole.json"));
  detect_scene(job(how), to("part.json"));
  const auto whole = nlohmann::json::parse(read_text_file(file("whole.json"))),
             part = nlohmann::json::parse(read_text_file(file("part.json")));
  std::vector<double> inside, found;
  for (const auto& annotation : whole.at("annotations")) {
    const double x = annotation["bbox"][0].get<double>() + annotation["bbox"][2].get<double>() / 2,
                 y = annotation["bbox"][1].get<double>() + annotation["bbox"][3].get<double>() / 2;
    if (x >= 300 && x < 700 && y >= 380 && y < 800) inside.push_back(annotation["score"]);
  }
  for (const auto& annotation : part.at("annotations")) found.push_back(annotation["score"]);
  EXPECT_GT(found.size(), 20u);
  EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(inside));
}

TEST_F(DetectScene, WhatLiesMostlyOnNodataIsDroppedAndEmptyTilesAreNotAsked) {
  detect_scene(job(options()), to("all.json"));
  const int64_t asked = tiles_asked;
  // The right half has no data; the file keeps its name, so the journal's conditions do too.
  write_scene(
      scene, place, 1, PixelType::kUInt8,
      [](int64_t b, int64_t row, int64_t column) { return column < kSide / 2 ? ground(b, row, column) : 255; }, 255);
  tiles_asked = 0;
  const DetectionResult result = detect_scene(job(options()), to("half.json"));
  const auto found = numbers_in("half.json");
  const auto sure = planted([](const FoundObject& object) { return object.box.bounds().right < kSide / 2 - 4; });
  EXPECT_TRUE(std::ranges::includes(found, sure));
  for (const int64_t number : found)
    EXPECT_LT(world.objects()[static_cast<size_t>(number)].box.x, kSide / 2 + 4) << number;
  EXPECT_GT(result.on_nodata, 0);
  EXPECT_LT(tiles_asked, asked);
  EXPECT_EQ(tiles_asked, result.tiles);
}

TEST_F(DetectScene, ScoresAndClassesChoose) {
  DetectOptions how = options();
  how.classes = {"class 2"};
  how.score = 400;
  detect_scene(job(how), to("some.json"));
  const auto wanted = planted([](const FoundObject& object) { return object.object_class == 2; });
  std::vector<int64_t> above;
  std::ranges::copy_if(wanted, std::back_inserter(above), [](int64_t number) { return number >= 400; });
  EXPECT_FALSE(above.empty());
  EXPECT_EQ(numbers_in("some.json"), above);
  how.classes = {"clas 2"};
  EXPECT_THAT(refusal(how, to("none.json")), HasSubstr("did you mean 'class 2'"));
}

TEST_F(DetectScene, AResumedRunHasTheSameBytesAndAsksOnlyForTheRest) {
  detect_scene(job(options()), to("straight.gpkg"));
  const int64_t all = tiles_asked;
  // What a killed run leaves.
  const DetectionFiles output = to("resumed.gpkg");
  {
    const DetectJob whole = job(options());
    auto groups = whole.groups();
    BlockStore store(file("resumed.gpkg.journal"), whole.conditions(), false, false, file(".staging"));
    groups.resize(groups.size() / 2);
    whole.compute(
        groups,
        [&](const TileGroup& group, const GroupObjects& objects) {
          store.append(whole.tiling().cells(group), pack_objects(objects));
        },
        "");
  }
  EXPECT_THAT(refusal(options(), output), HasSubstr("--resume"));
  DetectionFiles again = output;
  again.resume = true;
  DetectOptions other = options();
  other.score = 0.5;
  EXPECT_THAT(refusal(other, again), HasSubstr("another score (0, now 0.5)"));
  tiles_asked = 0;
  const DetectionResult result = detect_scene(job(options()), again);
  EXPECT_GT(result.resumed_tiles, 0);
  EXPECT_EQ(result.resumed_tiles + tiles_asked, all);
  EXPECT_EQ(read_text_file(file("resumed.gpkg")), read_text_file(file("straight.gpkg")));
  EXPECT_EQ(result.tiles, all);
}

TEST_F(DetectScene, AForeignRecordInTheJournalIsRefused) {
  const DetectJob whole = job(options());
  const auto batch = static_cast<size_t>(whole.tiling().batch());
  GroupObjects foreign{.tiles = std::vector<std::vector<FoundObject>>(batch)};
  foreign.tiles[0] = {{{10, 10, 5, 5, 0}, PlantedWorld::kClasses, 0.5}};
  for (const std::string& record : {std::string("short"), pack_objects(foreign)}) {
    {
      BlockStore store(file("out.gpkg.journal"), whole.conditions(), false, true, file(".staging"));
      store.append(whole.tiling().cells(whole.groups().front()), record);
    }
    DetectionFiles output = to("out.gpkg");
    output.resume = true;
    EXPECT_THAT(refusal(options(), output), HasSubstr("damaged"));
  }
}

TEST_F(DetectScene, AJournalCutOrFlippedAnywhereGivesTheSameObjectsOrARefusal) {
  detect_scene(job(options()), to("straight.json"));
  const std::string straight = read_text_file(file("straight.json"));
  const fs::path journal = file("out.json.journal");
  {
    const DetectJob whole = job(options());
    BlockStore store(journal, whole.conditions(), false, false, file(".staging"));
    whole.compute(
        whole.groups(),
        [&](const TileGroup& group, const GroupObjects& objects) {
          store.append(whole.tiling().cells(group), pack_objects(objects));
        },
        "");
  }
  const std::string bytes = read_text_file(journal);
  DetectionFiles output = to("out.json");
  output.resume = output.overwrite = true;
  int64_t went_on = 0, began_anew = 0, refused = 0;
  const auto try_with = [&](const std::string& damaged) {
    write_file_atomically(journal, damaged);
    tiles_asked = 0;
    const std::string message = refusal(options(), output);
    if (!message.empty()) {
      EXPECT_THAT(message, ::testing::AllOf(HasSubstr("out.json.journal"), HasSubstr("remove it")));
      ++refused;
      return;
    }
    EXPECT_EQ(read_text_file(file("out.json")), straight);
    ++(tiles_asked > 0 ? began_anew : went_on);
  };
  try_with(bytes);
  EXPECT_EQ(went_on, 1);
  constexpr size_t kPlaces = 12;
  for (size_t i = 0; i < kPlaces; ++i) {
    const size_t at = (bytes.size() - 1) * i / (kPlaces - 1);
    try_with(bytes.substr(0, at));
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << i % 8));
    try_with(flipped);
  }
  EXPECT_EQ(went_on, 1);  // no damage goes unnoticed
  EXPECT_GT(began_anew, 15);
  EXPECT_GT(refused, 1);
}

TEST_F(DetectScene, LayersLieInTheScenesSystemAndPicturesInPixels) {
  for (const char* name : {"out.gpkg", "out.fgb", "out.geojson"}) {
    detect_scene(job(options()), to(name));
    // Read back onto the scene's pixels, whatever the file's system.
    const TargetGrid grid{wkt_from_text(place.crs), {place.x, place.pixel, 0, place.y, 0, -place.pixel}, kSide, kSide};
    const auto objects = read_vector_objects(file(name).string(), grid, {.attribute = "name"});
    ASSERT_EQ(objects.size(), world.objects().size()) << name;
    int64_t near = 0;
    for (const VectorObject& object : objects) {
      double x = 0, y = 0;
      for (const PixelPoint corner : object.outline) x += corner.x / 4, y += corner.y / 4;
      const auto truth = std::ranges::find_if(world.objects(), [&](const FoundObject& one) {
        return std::hypot(one.box.x - x, one.box.y - y) < 2.5 &&
               "class " + std::to_string(one.object_class) == object.name;
      });
      near += truth != world.objects().end() ? 1 : 0;
    }
    EXPECT_EQ(near, static_cast<int64_t>(objects.size())) << name;
    for (const char* beside : {"out.qml", "out.json"}) fs::remove(file(beside));
  }
  Place nowhere = place;
  nowhere.crs = nullptr;
  write_scene(scene, nowhere, 1, PixelType::kUInt8, ground);
  detect_scene(job(options()), to("pixels.gpkg"));
  const auto objects = read_vector_objects(file("pixels.gpkg").string(), {"", {0, 1, 0, 0, 0, 1}, kSide, kSide}, {});
  EXPECT_EQ(objects.size(), world.objects().size());
}

TEST_F(DetectScene, OutputsThatExistAreKept) {
  write_file_atomically(file("kept.qml"), "precious");
  EXPECT_THAT(refusal(options(), to("kept.gpkg")), HasSubstr("--overwrite"));
  EXPECT_EQ(read_text_file(file("kept.qml")), "precious");
  EXPECT_FALSE(fs::exists(file("kept.gpkg")));
  EXPECT_THROW(object_format("objects.shp", ""), UsageError);
  EXPECT_THROW(object_format("objects.gpkg", "ESRI Shapefile"), UsageError);
  EXPECT_EQ(object_format("objects.out", "coco"), ObjectFormat::kCoco);
}

TEST_F(DetectScene, TheOverlayShowsTheSceneWithTheBoxes) {
  DetectionFiles output = to("shown.gpkg");
  output.overlay = true;
  detect_scene(job(options()), output);
  EXPECT_GT(fs::file_size(file("shown_overlay.png")), 10'000u);
}

TEST(ObjectRecords, AreReadBackFromTheirBytes) {
  GroupObjects objects{.tiles = {{{{1, 2, 3, 4, 0.5}, 2, 0.75}}, {}}, .computed = 2, .on_nodata = 3};
  const std::string bytes = pack_objects(objects);
  const auto read = unpack_objects(bytes, 2, 3);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->computed, 2);
  EXPECT_EQ(read->on_nodata, 3);
  ASSERT_EQ(read->tiles.size(), 2u);
  EXPECT_EQ(read->tiles[0].at(0).box.angle, 0.5);
  EXPECT_EQ(read->tiles[0].at(0).object_class, 2);
  EXPECT_EQ(read->tiles[0].at(0).score, 0.75);
  for (size_t length = 0; length < bytes.size(); ++length) EXPECT_FALSE(unpack_objects(bytes.substr(0, length), 2, 3));
  EXPECT_FALSE(unpack_objects(bytes + '\0', 2, 3));
  EXPECT_FALSE(unpack_objects(bytes, 1, 3));
  EXPECT_FALSE(unpack_objects(bytes, 3, 3));
  std::string many = bytes;
  many[16 + 7] = '\x7f';  // more objects than any memory holds
  EXPECT_FALSE(unpack_objects(many, 2, 3));
}

TEST(ObjectRecords, WhatNoDetectorWritesIsNotRead) {
  const GroupObjects good{.tiles = {{{{1, 2, 3, 4, 0.5}, 2, 0.75}}, {}}, .computed = 2, .on_nodata = 3};
  EXPECT_FALSE(unpack_objects(pack_objects(good), 2, 2)) << "a class that the model has not";
  const auto refused = [&](const std::function<void(GroupObjects&, FoundObject&)>& spoil) {
    GroupObjects objects = good;
    spoil(objects, objects.tiles[0][0]);
    return !unpack_objects(pack_objects(objects), 2, 3);
  };
  EXPECT_TRUE(refused([](GroupObjects& all, FoundObject&) { all.computed = 3; }));
  EXPECT_TRUE(refused([](GroupObjects& all, FoundObject&) { all.on_nodata = -1; }));
  EXPECT_TRUE(refused([](GroupObjects&, FoundObject& one) { one.object_class = -1; }));
  EXPECT_TRUE(refused([](GroupObjects&, FoundObject& one) { one.score = NAN; }));
  EXPECT_TRUE(refused([](GroupObjects&, FoundObject& one) { one.box.angle = NAN; }));
  EXPECT_TRUE(refused([](GroupObjects&, FoundObject& one) { one.box.x = INFINITY; }));
  EXPECT_TRUE(refused([](GroupObjects&, FoundObject& one) { one.box.width = -1; }));
  EXPECT_TRUE(refused([](GroupObjects&, FoundObject& one) { one.box.height = 1e300; }));
}

}  // namespace
}  // namespace skysense
