#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/options.h"
#include "data/place_sample.h"
#include "synth/render.h"

namespace skysense {

/// Which part of the synthetic world a dataset shows.
struct SynthOptions {
  int64_t seed = 1;  ///< of the world
  int64_t places = 256;
  synth::Split split = synth::Split::kTrain;
  std::vector<synth::SceneClass> scenes = {};  ///< classes that its places take turns in; none: all twelve
  int64_t cells = 64;                          ///< side of a place in MS pixels of 10 m, at most 640
  bool hr = true;                              ///< render the HR image
  int64_t hr_per_cell = 8;                     ///< HR pixels a cell side: 8 is 1.25 m
  int64_t ms_dates = 10;
  int64_t sar_dates = 5;
  double missing_dates = 0;    ///< chance of each MS or SAR date but the first of a place not to be there
  bool snow = true;            ///< false: winters without snow
  double misregistration = 0;  ///< 10 m pixels by which each MS and SAR image lies off the ground at most, up to 1
  bool ms_offset = false;      ///< DN + 1000, as processing baseline 04.00
  bool sar_linear = false;     ///< backscatter as power instead of dB
  bool hr_cover = false;       ///< find the land cover of the HR image's pixels (render())
  bool details = false;        ///< find the HR image's objects, ways and land cover too (render())
};

/// The sensors that these options render, of aerial-rgb, sentinel2-l2a (with the offset: -0400) and sentinel1-grd-db
/// (or -linear), with the world's own statistics.
SensorContracts synthetic_contracts(const SynthOptions& options);

/// A number of places as users write it: "1000", or one of the sizes tiny (64), small (1,024), medium (16,384), large
/// (262,144) and huge (4,194,304: to stream, not to store). Throws UsageError.
int64_t parse_place_count(std::string_view text);

/// Scene classes as users write them: "harbour+airport". Throws UsageError for names that are none or come twice.
std::vector<synth::SceneClass> parse_scene_classes(std::string_view text);

/// A procedural world, rendered in memory: co-registered HR, an MS series with phenology and clouds, a SAR series with
/// speckle, a land-cover raster and a scene class. Ground is a function of (world seed, map coordinates) alone: two
/// places that share ground show the same, on every x86-64 machine. Scene classes differ in layout; colours, light,
/// haze and sensor gain change from region to region.
class SyntheticEarth : public PlaceDataset {
 public:
  /// Throws UsageError for sizes that the world cannot give.
  explicit SyntheticEarth(const SynthOptions& options);
  int64_t size() const override { return options_.places; }
  PlaceSample get(int64_t number) const override;
  const SensorContracts& contracts() const override { return contracts_; }
  std::vector<std::string> label_names() const override;  ///< of the land cover
  const SynthOptions& options() const { return options_; }

  /// The same place as products hold it, for writing to files.
  synth::RenderedPlace render(int64_t number) const;
  /// Its tensors, as get() gives them.
  PlaceSample sample_of(int64_t number, const synth::RenderedPlace& place) const;
  synth::SceneClass scene_class(int64_t number) const { return site(number).kind; }
  /// What changes there for good between two flights, and its ground month by month.
  synth::PlaceChange change(int64_t number) const;
  std::vector<synth::MonthlyImage> months(int64_t number, int64_t count) const;
  /// "train-000012", "val-000012", "test-000012".
  std::string id_of(int64_t number) const;

 private:
  std::span<const synth::SceneClass> scenes() const;
  synth::Site site(int64_t number) const;
  synth::RenderOptions render_options() const;
  std::string_view split_name() const { return synth::kSplitNames[static_cast<size_t>(options_.split)]; }

  const SynthOptions options_;
  const SensorContracts contracts_;
};

}  // namespace skysense
