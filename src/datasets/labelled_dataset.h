#pragma once

#include <torch/types.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/date.h"
#include "core/object_labels.h"
#include "data/place_sample.h"
#include "raster/georeference.h"

namespace skysense {

/// What a sample is labelled with, and the shape of LabelledSample::label (int64; -1 is unlabelled, to be ignored).
enum class LabelKind {
  kClass,       ///< [] the class of the whole sample
  kMultiLabel,  ///< [K] 0 or 1 a class
  kMask,        ///< [H, W] a class a pixel
  kChangeMask,  ///< [H, W] 0 unchanged, 1 changed between the two images
  kTwoMasks,    ///< [2, H, W] classes before and after
  kMaskSeries,  ///< [T, H, W] classes at LabelledSample::label_dates
  kBoxes,       ///< no tensor: LabelledSample::objects
};

/// "class", "multi-label", "mask", "change mask", "two masks", "series of masks", "boxes".
std::string label_kind_name(LabelKind kind);

/// The splits' names; a data set has some of them.
inline constexpr std::array<const char*, 3> kSplits = {"train", "val", "test"};

struct DatasetDescription {
  std::string name;  ///< of the reader: "levir-cd"
  LabelKind label = LabelKind::kClass;
  std::vector<std::string> classes;             ///< names of the classes 0, 1, …
  std::vector<std::array<uint8_t, 3>> colours;  ///< empty, or one a class: as the data set paints its maps
  SensorContracts sensors;                      ///< what the images hold
  std::string split_rule;                       ///< in words: "official lists", "20% of each class, seed 0"
};

struct SampleEntry {
  std::string name;   ///< unique within the data set
  std::string split;  ///< one of kSplits
  std::string group;  ///< samples of one place that follow each other in time share it; else empty
};

/// The images of one modality over a sample's ground.
struct DatedImages {
  ImageSeries series;                      ///< physical values of the contract; images ordered by date
  std::vector<std::optional<Date>> dates;  ///< one an image
  Georeference georeference;               ///< of the pixels read; unknown where the files name none
};

struct LabelledSample {
  SampleEntry entry;
  PerModality<std::optional<DatedImages>> images;
  torch::Tensor label;  ///< by the data set's LabelKind; undefined where the sample has none (withheld test labels)
  std::vector<std::optional<Date>> label_dates;  ///< of kMaskSeries and kTwoMasks: one a mask
  std::optional<ObjectLabels> objects;           ///< of kBoxes, in pixels of the window; nothing where withheld
};

/// What to read of a sample.
struct SampleRequest {
  /// In pixels of `extent`, inside it; nothing: all. Rasters of other pixel sizes are read over the same part.
  std::optional<PixelWindow> window = std::nullopt;
  PerModality<bool> modalities = {{true, true, true}};
  bool label = true;
};

/// Labelled samples by number: what fine-tuning, evaluation and prediction read. A published data set is one through
/// its reader (datasets/registry.h).
class LabelledDataset {
 public:
  virtual ~LabelledDataset() = default;
  virtual const DatasetDescription& description() const = 0;
  virtual int64_t size() const = 0;
  virtual const SampleEntry& entry(int64_t number) const = 0;
  /// Sides of the label raster, or without one of the first image; reads no pixels. Throws DataError naming the file.
  virtual RasterSize extent(int64_t number) const = 0;
  /// Sides of the rasters of each modality over the extent; nothing of those that the sample lacks. Without an
  /// implementation of its own it reads the images.
  virtual PerModality<std::optional<RasterSize>> image_sizes(int64_t number) const;
  /// The same sample for the same number and request, always; callable from several threads. Throws DataError naming
  /// the file that is missing, damaged, lacks a band or holds a label value that stands for no class;
  /// c10::ValueError for a window that is not inside, or not of whole pixels of another raster.
  virtual LabelledSample get(int64_t number, const SampleRequest& request) const = 0;
  LabelledSample get(int64_t number) const { return get(number, {}); }
  /// The files that the sample is made of.
  virtual std::vector<std::string> files(int64_t number) const = 0;
};

/// Numbers of the samples of a split, in order.
std::vector<int64_t> samples_of(const LabelledDataset& dataset, const std::string& split);

}  // namespace skysense
