#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "synth/synthetic_earth.h"

namespace skysense::app {

/// What a synthetic dataset holds beside the images, the class of each place and its land cover at 10 m.
struct SynthLabels {
  bool hr_cover = false;  ///< hr_cover.tif: land cover of the HR pixels
  bool crops = false;     ///< crops.tif: crop types at 10 m
  bool boxes = false;     ///< annotations/: the HR images' objects for COCO, PASCAL VOC and DOTA
  bool vectors = false;   ///< map.osm and map.gpkg: the ground as OpenStreetMap data
  bool changes = false;   ///< two HR images of 2023 and 2025, the land cover of both and what changed
  int64_t months = 0;     ///< MS images, one a month from January 2023, with the land cover of each

  /// From the words of --labels. Throws UsageError naming what there is.
  static SynthLabels named(const std::vector<std::string>& words);
};

/// Renders all places on `jobs` threads into a dataset folder; the index comes last, so that a dataset with an index is
/// whole. labels.jsonl names the labels of each place beyond those of the index.
void write_synthetic_dataset(const std::filesystem::path& folder, const SyntheticEarth& earth,
                             const SynthLabels& labels, int64_t jobs);

}  // namespace skysense::app
