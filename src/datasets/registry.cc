#include "datasets/registry.h"

#include <fmt/format.h>

#include "core/config.h"
#include "core/error.h"
#include "datasets/listed_dataset.h"
#include "datasets/places.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEuroSatBands = "B02=2,B03=3,B04=4,B05=5,B06=6,B07=7,B08=8,B8A=13,B11=11,B12=12";

using Lister = std::function<DatasetListing(const fs::path&, const DatasetOptions&)>;

/// A reader of a folder that can be listed without reading images.
DatasetReader listed(const std::string& name, const std::string& title, LabelKind label, const Lister& list) {
  return {name, title, label,
          [list](const fs::path& folder, const DatasetOptions& options) -> std::unique_ptr<LabelledDataset> {
            if (!fs::is_directory(folder)) throw DataError(folder.string() + ": no such folder");
            return std::make_unique<ListedDataset>(list(folder, options));
          }};
}

DatasetReader places(const PlaceTaskTraits& traits) {
  return {traits.reader, traits.title, traits.label,
          [task = traits.task](const fs::path& data, const DatasetOptions& options) {
            return open_place_task(task, data, options);
          }};
}

DatasetReader class_folders(const std::string& title, const ClassFolderLayout& layout) {
  return listed(layout.name, title, LabelKind::kClass, [layout](const fs::path& root, const DatasetOptions& options) {
    return list_class_folders(root, options, layout);
  });
}

std::vector<DatasetReader> make_readers() {
  const auto bigearthnet = [](bool with_sentinel1) {
    return [with_sentinel1](const fs::path& root, const DatasetOptions& options) {
      return list_bigearthnet(root, options, with_sentinel1);
    };
  };
  const auto pastis = [](PastisVariant variant) {
    return
        [variant](const fs::path& root, const DatasetOptions& options) { return list_pastis(root, options, variant); };
  };
  const auto dior = [](bool oriented) {
    return
        [oriented](const fs::path& root, const DatasetOptions& options) { return list_dior(root, options, oriented); };
  };
  const auto dota = [](const char* version) {
    return [version](const fs::path& root, const DatasetOptions& options) { return list_dota(root, options, version); };
  };
  std::vector<DatasetReader> readers = {
      class_folders("AID: 30 scene classes, RGB (Xia et al. 2017)",
                    {"aid", {"AID", "."}, rgb_pictures(2), "", "", 0.2}),
      class_folders("NWPU-RESISC45: 45 scene classes, RGB (Cheng et al. 2017)",
                    {"resisc45", {"NWPU-RESISC45", "."}, rgb_pictures(2), "", "resisc45-{}.txt", 0.1}),
      class_folders(
          "UC Merced land use: 21 scene classes, RGB 0.3 m (Yang and Newsam 2010)",
          {"uc-merced", {"UCMerced_LandUse/Images", "Images", "."}, rgb_pictures(0.3), "", "uc_merced-{}.txt"}),
      class_folders("EuroSAT, RGB version: 10 land-use classes, 10 m (Helber et al. 2019)",
                    {"eurosat-rgb", {"EuroSAT_RGB", "2750", "."}, rgb_pictures(10), "", "eurosat-{}.txt"}),
      class_folders("EuroSAT, 13 bands: 10 land-use classes, Sentinel-2 L1C (Helber et al. 2019)",
                    {"eurosat-ms",
                     {"EuroSAT_MS", "ds/images/remote_sensing/otherDatasets/sentinel_2/tif", "."},
                     built_in("sentinel2-l1c"),
                     kEuroSatBands,
                     "eurosat-{}.txt"}),
      listed("class-folders", "any folder with one subfolder of images a class", LabelKind::kClass,
             [](const fs::path& root, const DatasetOptions& options) {
               return list_class_folders(root, options,
                                         {"class-folders", {"."}, built_in(options.sensor), options.bands, "{}.txt"});
             }),
      listed("bigearthnet-s2", "BigEarthNet v1.0, Sentinel-2: 19 labels (Sumbul et al. 2019, 2021)",
             LabelKind::kMultiLabel, bigearthnet(false)),
      listed("bigearthnet-mm", "BigEarthNet-MM v1.0, Sentinel-2 and Sentinel-1: 19 labels (Sumbul et al. 2021)",
             LabelKind::kMultiLabel, bigearthnet(true)),
      listed("fmow-s2", "fMoW-Sentinel: Sentinel-2 L1C series of 62 functional classes (Cong et al. 2022)",
             LabelKind::kClass, list_fmow_sentinel2),
      listed("isaid", "iSAID: 15 object classes and background, RGB (Zamir et al. 2019)", LabelKind::kMask, list_isaid),
      listed("potsdam", "ISPRS Potsdam: 5 classes, near infrared, red, green 5 cm", LabelKind::kMask, list_potsdam),
      listed("loveda", "LoveDA: 7 land-cover classes, RGB 0.3 m (Wang et al. 2021)", LabelKind::kMask, list_loveda),
      listed("levir-cd", "LEVIR-CD: building change, RGB 0.5 m (Chen and Shi 2020)", LabelKind::kChangeMask,
             list_levir_cd),
      listed("oscd", "OSCD: urban change, Sentinel-2 L1C (Daudt et al. 2018)", LabelKind::kChangeMask, list_oscd),
      listed("dynamic-earthnet", "DynamicEarthNet: monthly land cover, Planet, Sentinel-2 and -1 (Toker et al. 2022)",
             LabelKind::kMask, list_dynamic_earthnet),
      listed("pastis", "PASTIS: 18 crops from Sentinel-2 series (Garnot and Landrieu 2021)", LabelKind::kMask,
             pastis(PastisVariant::kS2)),
      listed("pastis-r", "PASTIS-R: PASTIS with Sentinel-1 series (Garnot et al. 2022)", LabelKind::kMask,
             pastis(PastisVariant::kS2S1)),
      listed("pastis-mm",
             "PASTIS-MM or PASTIS-HD: PASTIS-R with high-resolution RGB (Guo et al. 2024, Astruc et al. 2024)",
             LabelKind::kMask, pastis(PastisVariant::kAll)),
      listed("five-billion-pixels", "Five-Billion-Pixels: 24 classes, Gaofen-2, 4 bands (Tong et al. 2023)",
             LabelKind::kMask, list_five_billion_pixels),
      listed("sparcs", "SPARCS: clouds and shadows, Landsat-8 (Hughes and Kennedy 2019)", LabelKind::kMask,
             list_sparcs),
      listed("air-polsar-seg", "AIR-PolSAR-Seg: 6 classes, Gaofen-3 quad-polarised (Wang et al. 2022)",
             LabelKind::kMask, list_air_polsar_seg),
      listed("dior", "DIOR: upright boxes of 20 classes, RGB (Li et al. 2020)", LabelKind::kBoxes, dior(false)),
      listed("dior-r", "DIOR-R: the same images with oriented boxes (Cheng et al. 2022)", LabelKind::kBoxes,
             dior(true)),
      listed("fair1m", "FAIR1M: oriented boxes of 37 fine classes, RGB (Sun et al. 2022)", LabelKind::kBoxes,
             list_fair1m),
      listed("dota-v1.0", "DOTA v1.0: oriented boxes of 15 classes, RGB (Xia et al. 2018)", LabelKind::kBoxes,
             dota("1.0")),
      listed("dota-v1.5", "DOTA v1.5: 16 classes, small objects too (Xia et al. 2018)", LabelKind::kBoxes, dota("1.5")),
      listed("dota-v2.0", "DOTA v2.0: 18 classes, more images (Ding et al. 2021)", LabelKind::kBoxes, dota("2.0")),
      listed("coco", "any images with boxes in COCO's JSON", LabelKind::kBoxes, list_coco),
      listed("voc", "any images with boxes in PASCAL VOC's folders and XML", LabelKind::kBoxes, list_voc),
      listed("image-boxes", "any images with boxes of their names: DOTA's text, VOC's XML, GeoJSON, GeoPackage",
             LabelKind::kBoxes, list_image_boxes),
      listed("image-masks", "any images with class rasters of their names", LabelKind::kMask, list_image_masks),
      listed("change-pairs", "any pairs of images with change masks: A, B, label", LabelKind::kChangeMask,
             list_change_pairs),
      listed("semantic-change-pairs",
             "any pairs with classes before and after: im1, im2, label1, label2 (SECOND's layout)",
             LabelKind::kTwoMasks, list_semantic_change_pairs),
      listed("vector-labels", "any images with areas of their names: GeoJSON, GeoPackage, Shapefile", LabelKind::kMask,
             list_vector_labels),
  };
  for (const PlaceTaskTraits& traits : kPlaceTasks) readers.push_back(places(traits));
  return readers;
}

}  // namespace

const std::vector<DatasetReader>& dataset_readers() {
  static const std::vector<DatasetReader> readers = make_readers();
  return readers;
}

const DatasetReader& dataset_reader(const std::string& name) {
  std::vector<std::string> names;
  for (const DatasetReader& reader : dataset_readers()) {
    if (reader.name == name) return reader;
    names.push_back(reader.name);
  }
  throw UsageError(fmt::format("unknown data set '{}'; did you mean '{}'? 'skysense datasets list' has them all", name,
                               nearest_word(name, names)));
}

std::unique_ptr<LabelledDataset> open_labelled_dataset(const std::string& name, const fs::path& folder,
                                                       const DatasetOptions& options) {
  return dataset_reader(name).open(folder, options);
}

}  // namespace skysense
