#include "datasets/places.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/class_names.h"
#include "core/place_index.h"
#include "core/safetensors.h"
#include "datasets/covers_present.h"
#include "datasets/export_samples.h"
#include "datasets/place_samples.h"
#include "datasets/registry.h"
#include "raster/raster_writer.h"
#include "synth/synthetic_earth.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

constexpr const char* kWorld = "synth:6,val=2,test=3,seed=4,size=8,hr=4,ms=3,sar=2";

std::unique_ptr<LabelledDataset> world(const std::string& reader, const std::string& data = kWorld) {
  return open_labelled_dataset(reader, data);
}

PlaceSample place_of_the_world(synth::Split split, int64_t number) {
  return SyntheticEarth(
             {.seed = 4, .places = 6, .split = split, .cells = 8, .hr_per_cell = 4, .ms_dates = 3, .sar_dates = 2})
      .get(number);
}

TEST(Places, TheWorldsSamplesAreItsPlacesWithTheirSplits) {
  const auto dataset = world("places-class");
  EXPECT_EQ(samples_of(*dataset, "train").size(), 6U);
  EXPECT_EQ(samples_of(*dataset, "val").size(), 2U);
  const auto test = samples_of(*dataset, "test");
  ASSERT_EQ(test.size(), 3U);
  const LabelledSample sample = dataset->get(test[1]);
  const PlaceSample place = place_of_the_world(synth::Split::kTest, 1);
  EXPECT_EQ(sample.entry.name, place.id);
  EXPECT_EQ(sample.label.item<int64_t>(), *place.scene_class);
  EXPECT_EQ(dataset->get(0, {.modalities = {{false, false, false}}}).label.item<int64_t>(),
            *place_of_the_world(synth::Split::kTrain, 0).scene_class);
  for (const Modality modality : kModalities) {
    // Images without a valid pixel are left out, as of an index.
    const auto shows = place.images[modality]->valid.flatten(1).any(1).nonzero().squeeze(1);
    ASSERT_GT(shows.size(0), 0);
    const auto valid = place.images[modality]->valid.index_select(0, shows);
    const auto values = place.images[modality]->values.index_select(0, shows) * valid.unsqueeze(1);
    EXPECT_TRUE(sample.images[modality]->series.values.equal(values));
    EXPECT_TRUE(sample.images[modality]->series.valid.equal(valid));
  }
  const DatedImages& ms = *sample.images[Modality::kMs];
  for (size_t t = 0; t < ms.dates.size(); ++t)
    EXPECT_EQ(ms.dates[t]->day_of_year(), ms.series.day_of_year[static_cast<int64_t>(t)].item<int64_t>());
}

TEST(Places, EveryTaskHasLabelsOfItsKindOnItsGridAndBelowItsClasses) {
  for (const PlaceTaskTraits& task : kPlaceTasks) {
    const auto dataset = world(task.reader);
    const DatasetDescription& description = dataset->description();
    EXPECT_EQ(description.label, task.label);
    EXPECT_TRUE(description.colours.empty() || description.colours.size() == description.classes.size());
    const LabelledSample sample = dataset->get(0);
    const int64_t classes = static_cast<int64_t>(description.classes.size());
    if (task.label == LabelKind::kBoxes) {
      ASSERT_TRUE(sample.objects) << task.reader;
      for (const int64_t label : sample.objects->classes) EXPECT_TRUE(label >= 0 && label < classes) << label;
      EXPECT_EQ(dataset->extent(0).width, 32) << task.reader;
      continue;
    }
    EXPECT_GE(sample.label.min().item<int64_t>(), -1) << task.reader;
    EXPECT_LT(sample.label.max().item<int64_t>(), classes) << task.reader;
    const bool hr = task.task == PlaceTask::kHrLandCover || task.task == PlaceTask::kChange ||
                    task.task == PlaceTask::kSemanticChange;
    if (sample.label.dim() < 2) continue;
    EXPECT_EQ(sample.label.size(-1), hr ? 32 : 8) << task.reader;
    EXPECT_EQ(dataset->extent(0).width, sample.label.size(-1)) << task.reader;
  }
}

TEST(Places, SidesOfAllRastersAreThoseOfTheImages) {
  for (const PlaceTaskTraits& task : kPlaceTasks) {
    const auto dataset = world(task.reader);
    const LabelledSample sample = dataset->get(1);
    const auto sizes = dataset->image_sizes(1);
    for (const Modality modality : kModalities) {
      ASSERT_EQ(sizes[modality].has_value(), sample.images[modality].has_value()) << task.reader;
      if (!sizes[modality]) continue;
      EXPECT_EQ(sizes[modality]->width, sample.images[modality]->series.values.size(3)) << task.reader;
    }
  }
}

TEST(Places, ChangeIsWhereTheLandCoverOfBothFlightsDiffers) {
  const std::string data = "synth:40,val=0,test=0,seed=1,size=16,hr=4";
  const auto change = world("places-change", data), cover = world("places-semantic-change", data);
  int64_t changed = 0;
  for (int64_t number = 0; number < 40; ++number) {
    const LabelledSample mask = change->get(number), maps = cover->get(number);
    EXPECT_TRUE(mask.label.to(torch::kBool).equal(maps.label[0] != maps.label[1])) << number;
    const DatedImages& flights = *mask.images[Modality::kHr];
    ASSERT_EQ(flights.series.values.size(0), 2);
    EXPECT_EQ(flights.dates[0]->year, 2023);
    EXPECT_EQ(flights.dates[1]->year, 2025);
    changed += mask.label.sum().item<int64_t>();
  }
  EXPECT_GT(changed, 0);
}

TEST(Places, MonthsAreTwelveImagesWithTheirLandCover) {
  const LabelledSample sample = world("places-months")->get(0);
  EXPECT_EQ(sample.label.size(0), 12);
  EXPECT_EQ(sample.images[Modality::kMs]->series.values.size(0), 12);
  ASSERT_EQ(sample.label_dates.size(), 12U);
  for (size_t month = 1; month < 12; ++month) EXPECT_LT(*sample.label_dates[month - 1], *sample.label_dates[month]);
}

TEST(Places, AWindowOfAnyModalityIsThatPartOfTheWhole) {
  for (const int64_t cache_mb : {0, 64}) {
    DatasetOptions options;
    options.cache_mb = cache_mb;
    const auto dataset = open_labelled_dataset("places-landcover", kWorld, options);
    const LabelledSample part =
        dataset->get(2, {.window = PixelWindow{2, 4, 4, 2}, .modalities = {{true, true, false}}});
    const LabelledSample whole = dataset->get(2);
    EXPECT_FALSE(part.images[Modality::kSar]);
    EXPECT_TRUE(part.label.equal(whole.label.slice(0, 4, 6).slice(1, 2, 6)));
    EXPECT_TRUE(part.images[Modality::kHr]->series.values.equal(
        whole.images[Modality::kHr]->series.values.slice(2, 16, 24).slice(3, 8, 24)));
    EXPECT_EQ(part.images[Modality::kHr]->series.part->x, 8);
    EXPECT_TRUE(part.images[Modality::kMs]->series.valid.equal(
        whole.images[Modality::kMs]->series.valid.slice(1, 4, 6).slice(2, 2, 6)));
    EXPECT_THROW(dataset->get(2, {.window = PixelWindow{6, 0, 4, 4}}), c10::ValueError);
  }
}

/// Counts how often its places are read.
class CountingPlaces : public PlaceSource {
 public:
  explicit CountingPlaces(int64_t& reads) : reads_(reads) { description_.label = LabelKind::kMask; }
  const DatasetDescription& description() const override { return description_; }
  int64_t size() const override { return 3; }
  const SampleEntry& entry(int64_t) const override { return entry_; }
  PlaceSizes sizes(int64_t) const override { return {.extent = {4, 4}, .images = {}}; }
  std::vector<std::string> files(int64_t) const override { return {}; }
  LabelledSample read(int64_t number, const PerModality<bool>& modalities) const override {
    ++reads_;
    LabelledSample sample;
    if (modalities[Modality::kMs]) {
      sample.images[Modality::kMs] =
          DatedImages{.series = {torch::zeros({1, 1, 4, 4}), torch::ones({1, 4, 4}, torch::kBool),
                                 torch::zeros({1}, torch::kInt64)},
                      .dates = {std::nullopt},
                      .georeference = {}};
    }
    sample.label = torch::full({4, 4}, number, torch::kInt64);
    return sample;
  }

 private:
  int64_t& reads_;
  DatasetDescription description_;
  SampleEntry entry_{"a", "train", ""};
};

TEST(Places, KeptPlacesAreReadOnceAndNobodyCanSpoilThem) {
  int64_t reads = 0;
  const PlaceSamples samples(std::make_unique<CountingPlaces>(reads), 1 << 20);
  samples.get(1, {.modalities = {{false, false, false}}});  // the label alone
  samples.get(1);
  EXPECT_EQ(reads, 2);  // with its images
  samples.get(1).label.fill_(7);
  EXPECT_TRUE(samples.get(1).label.eq(1).all().item<bool>());
  EXPECT_EQ(reads, 2);
  EXPECT_GT(samples.kept_bytes(), 0);
  int64_t unkept = 0;
  const PlaceSamples none(std::make_unique<CountingPlaces>(unkept), 0);
  none.get(0), none.get(0);
  EXPECT_EQ(unkept, 2);
  EXPECT_EQ(none.kept_bytes(), 0);
}

TEST(Places, CoversArePresentFromATwentiethOfTheLabelledCells) {
  auto cover = torch::zeros({10, 10}, torch::kInt64);
  cover[0].slice(0, 0, 5) = 1;
  cover[1].slice(0, 0, 4) = 2;
  EXPECT_EQ(covers_present(cover, 4).sum().item<int64_t>(), 2);
  cover[9].fill_(-1);  // four of ninety are not enough yet, four of eighty are
  cover[8].fill_(-1);
  EXPECT_EQ(covers_present(cover, 4)[2].item<int64_t>(), 1);
  EXPECT_EQ(covers_present(cover, 4)[3].item<int64_t>(), 0);
}

TEST(Places, AWorldThatCannotBeIsRefused) {
  EXPECT_THAT(error_of([] { world("places-class", "synth:many"); }), HasSubstr("'many' is no number of places"));
  EXPECT_THAT(error_of([] { world("places-class", "synth:4,sise=8"); }), HasSubstr("'size'"));
  EXPECT_THAT(error_of([] { world("places-class", "synth:4,size=5000"); }), HasSubstr("cells"));
}

// ---- folders

RasterLayout raster(int64_t side, int64_t bands, double gsd_m) {
  RasterLayout layout;
  layout.format = "GTiff";
  layout.width = layout.height = side;
  layout.bands = bands;
  layout.type = PixelType::kUInt8;
  layout.georeference.wkt = wkt_from_text("EPSG:32631");
  layout.georeference.transform = {500000, gsd_m, 0, 5600000, 0, -gsd_m};
  return layout;
}

void write_flat(const fs::path& file, const RasterLayout& layout, float value) {
  fs::create_directories(file.parent_path());
  const std::vector<float> values(static_cast<size_t>(layout.bands * layout.width * layout.height), value);
  write_raster(file, layout, values.data());
}

/// A dataset folder of places with an HR image of 8 pixels, a label of 4 cells that are all `cover`, and further
/// labels.
void write_places(const fs::path& folder, const std::vector<std::string>& ids, float cover) {
  std::vector<PlaceRecord> places;
  std::string labels;
  for (const std::string& id : ids) {
    write_flat(folder / id / "hr.tif", raster(8, 3, 5), 100);
    write_flat(folder / id / "label.tif", raster(4, 1, 10), cover);
    write_flat(folder / id / "crops.tif", raster(4, 1, 10), 255);
    for (const char* name : {"a", "b"}) {
      write_flat(folder / id / fmt::format("hr_{}.tif", name), raster(8, 3, 5), name[0] == 'a' ? 50 : 150);
      write_flat(folder / id / fmt::format("cover_{}.tif", name), raster(8, 1, 5), name[0] == 'a' ? 1 : 2);
    }
    write_flat(folder / id / "change.tif", raster(8, 1, 5), 1);
    PlaceRecord place{
        .id = id, .images = {}, .label = id + "/label.tif", .longitude_deg = {}, .latitude_deg = {}, .scene_class = 1};
    place.images[Modality::kHr] = {{.paths = {id + "/hr.tif"}, .date = {}, .validity = ""}};
    places.push_back(place);
    labels += fmt::format(R"({{"id":"{0}","crops":"{0}/crops.tif","change":{{"mask":"{0}/change.tif","flights":[)"
                          R"({{"date":"2023-06-01","hr":"{0}/hr_a.tif","hr_cover":"{0}/cover_a.tif"}},)"
                          R"({{"date":"2025-06-01","hr":"{0}/hr_b.tif","hr_cover":"{0}/cover_b.tif"}}]}}}})"
                          "\n",
                          id);
  }
  write_place_index(folder / "index.jsonl", places);
  std::ofstream(folder / "labels.jsonl") << labels;
  SensorContracts contracts;
  contracts[Modality::kHr] = builtin_contract("aerial-rgb");
  std::ofstream(folder / "contract.json") << contracts_to_json(contracts).dump();
  write_class_names(folder / kClassesFile, {"dry", "wet"});
  write_class_names(folder / kLabelClassesFile, {"water", "land", "ice"});
}

TEST(Places, AFolderHasItsOwnClassesAndSplits) {
  const TemporaryFolder folder;
  write_places(folder.path(), {"p", "q"}, 2);
  write_places(folder / "test", {"r"}, 0);
  const auto scenes = open_labelled_dataset("places-class", folder.path()),
             cover = open_labelled_dataset("places-landcover", folder.path()),
             crops = open_labelled_dataset("places-crops", folder.path());
  EXPECT_EQ(scenes->description().classes, (std::vector<std::string>{"dry", "wet"}));
  EXPECT_EQ(cover->description().classes, (std::vector<std::string>{"water", "land", "ice"}));
  EXPECT_EQ(samples_of(*cover, "train").size(), 2U);
  const auto test = samples_of(*cover, "test");
  ASSERT_EQ(test.size(), 1U);
  EXPECT_EQ(cover->entry(test[0]).name, "r");
  EXPECT_EQ(scenes->get(0).label.item<int64_t>(), 1);
  EXPECT_TRUE(cover->get(0).label.eq(2).all().item<bool>());
  EXPECT_TRUE(cover->get(test[0]).label.eq(0).all().item<bool>());
  EXPECT_EQ(cover->extent(0).width, 4);
  EXPECT_EQ(scenes->extent(0).width, 8);
  EXPECT_EQ(cover->image_sizes(0)[Modality::kHr]->width, 8);
  EXPECT_FALSE(cover->image_sizes(0)[Modality::kMs]);
  EXPECT_TRUE(crops->get(0).label.eq(-1).all().item<bool>());  // 255: no crop
  EXPECT_NEAR(cover->get(0).images[Modality::kHr]->series.values.max().item<float>(), 100.0 / 255, 1e-6);
}

TEST(Places, AFolderWithoutPartsIsSplitByShare) {
  const TemporaryFolder folder;
  write_places(folder.path(), {"a", "b", "c", "d", "e"}, 1);
  const auto dataset = open_labelled_dataset("places-landcover", folder.path());
  EXPECT_EQ(samples_of(*dataset, "train").size(), 4U);
  EXPECT_EQ(samples_of(*dataset, "test").size(), 1U);
}

TEST(Places, FlightsOfAFolderAreAPairWithItsMask) {
  const TemporaryFolder folder;
  write_places(folder.path(), {"p", "q"}, 1);
  const LabelledSample change = open_labelled_dataset("places-change", folder.path())->get(0),
                       cover = open_labelled_dataset("places-semantic-change", folder.path())->get(0);
  const auto values = change.images[Modality::kHr]->series.values;
  EXPECT_NEAR(values[0].max().item<float>(), 50.0 / 255, 1e-6);
  EXPECT_NEAR(values[1].min().item<float>(), 150.0 / 255, 1e-6);
  EXPECT_TRUE(change.label.eq(1).all().item<bool>());
  EXPECT_TRUE(cover.label[0].eq(1).all().item<bool>());
  EXPECT_TRUE(cover.label[1].eq(2).all().item<bool>());
  EXPECT_EQ(cover.label_dates[1]->text(), "2025-06-01");
}

TEST(Places, LabelsBeyondTheClassesAndMissingOnesAreNamed) {
  const TemporaryFolder folder;
  write_places(folder.path(), {"p"}, 3);
  const auto cover = open_labelled_dataset("places-landcover", folder.path());
  EXPECT_THAT(error_of([&] { cover->get(0); }), HasSubstr("place p: label value 3 at column 0, row 0"));
  EXPECT_THAT(error_of([&] { open_labelled_dataset("places-months", folder.path()); }), HasSubstr("--labels months"));
  EXPECT_THAT(error_of([&] { open_labelled_dataset("places-hr-landcover", folder.path()); }),
              HasSubstr("no place has the labels of places-hr-landcover"));
  fs::remove(folder / "labels.jsonl");
  EXPECT_THAT(error_of([&] { open_labelled_dataset("places-crops", folder.path()); }), HasSubstr("labels.jsonl"));
}

// ---- export

TEST(ExportSamples, TheFileHoldsTheSamplesAsTheyAreReadPaddedToTheLongestSeries) {
  const TemporaryFolder folder;
  const auto dataset = world("places-crops");
  const ExportedSamples exported =
      export_samples(*dataset, {1, 4}, folder / "samples.safetensors",
                     {.modalities = {{false, true, false}}, .dates = {{0, 2, 0}}, .jobs = 2});
  EXPECT_EQ(exported.samples, 2);
  const SafetensorsFile file(folder / "samples.safetensors");
  EXPECT_EQ(file.find("hr.values"), nullptr);
  const TensorView* values = file.find("ms.values");
  ASSERT_NE(values, nullptr);
  EXPECT_EQ(values->shape, (std::vector<int64_t>{2, 2, 10, 8, 8}));
  const auto read = torch::from_blob(const_cast<std::byte*>(values->bytes.data()), values->shape, torch::kFloat32);
  const LabelledSample sample = dataset->get(4);
  const auto all = sample.images[Modality::kMs]->series.values;
  const auto chosen = torch::tensor(evenly_spaced(all.size(0), 2), torch::kInt64);
  EXPECT_TRUE(read[1].slice(0, 0, chosen.size(0)).equal(all.index_select(0, chosen)));
  const TensorView* label = file.find("label");
  const auto labels = torch::from_blob(const_cast<std::byte*>(label->bytes.data()), label->shape, torch::kInt64);
  EXPECT_TRUE(labels[1].equal(sample.label));
  EXPECT_THAT(file.metadata().at("ids"), HasSubstr(dataset->entry(4).name));
}

TEST(ExportSamples, ChoosesDatesEvenly) {
  EXPECT_EQ(evenly_spaced(10, 2), (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(evenly_spaced(3, 5), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(evenly_spaced(5, 1), (std::vector<int64_t>{2}));
}

}  // namespace
}  // namespace skysense
