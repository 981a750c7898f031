#pragma once

#include <filesystem>

#include "datasets/dataset_listing.h"
#include "datasets/dataset_options.h"

namespace skysense {

// One function a published layout: it lists a folder without reading images. All throw DataError that names what is
// missing and the layout expected. Which name in the registry has which layout: datasets/registry.cc, docs/datasets.md.

/// A layout of one folder of images a class.
struct ClassFolderLayout {
  std::string name;
  std::vector<std::string> folders;  ///< below the root, the first that has class folders; "." is the root
  SensorContracts sensors;
  std::string bands;         ///< band map of the files
  std::string lists;         ///< split lists in the root, "{}" for the split; empty: none published
  double train_share = 0.8;  ///< without lists
};
DatasetListing list_class_folders(const std::filesystem::path& root, const DatasetOptions& options,
                                  const ClassFolderLayout& layout);

DatasetListing list_bigearthnet(const std::filesystem::path& root, const DatasetOptions& options, bool with_sentinel1);
DatasetListing list_fmow_sentinel2(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_isaid(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_potsdam(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_loveda(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_levir_cd(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_oscd(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_dynamic_earthnet(const std::filesystem::path& root, const DatasetOptions& options);

/// Which modalities of PASTIS are wanted beside Sentinel-2.
enum class PastisVariant { kS2, kS2S1, kAll };
DatasetListing list_pastis(const std::filesystem::path& root, const DatasetOptions& options, PastisVariant variant);

DatasetListing list_five_billion_pixels(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_sparcs(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_air_polsar_seg(const std::filesystem::path& root, const DatasetOptions& options);

DatasetListing list_image_masks(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_change_pairs(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_semantic_change_pairs(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_vector_labels(const std::filesystem::path& root, const DatasetOptions& options);

/// Version "1.0", "1.5" or "2.0".
DatasetListing list_dota(const std::filesystem::path& root, const DatasetOptions& options, const std::string& version);
DatasetListing list_fair1m(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_dior(const std::filesystem::path& root, const DatasetOptions& options, bool oriented);
DatasetListing list_voc(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_coco(const std::filesystem::path& root, const DatasetOptions& options);
DatasetListing list_image_boxes(const std::filesystem::path& root, const DatasetOptions& options);

}  // namespace skysense
