#pragma once

#include <map>
#include <string>
#include <vector>

#include "datasets/labelled_dataset.h"

namespace skysense {

/// One image of a sample, as files.
struct ImageFile {
  std::vector<std::string> paths;  ///< one file, or one a band in the contract's order; anything GDAL opens
  std::string bands{};             ///< "B04=3,B03=2": bands (from 1) of the contract's; empty: by name or order
  std::optional<Date> date{};
  /// Of a NumPy series [T, C, H, W]: the image's number in it; its first bands are the contract's.
  std::optional<int64_t> series_number{};
  std::string validity{};  ///< mask raster of the same ground, as an index names it (docs/formats.md); empty: none
};

/// How a label file says which class a pixel has.
enum class LabelFormat {
  kRaster,   ///< values or colours, by the LabelCoding
  kOneHot,   ///< a band a class, not 0 where a pixel has it; values of the coding are the bands' numbers from 0
  kNumpy,    ///< [H, W], or the first of [N, H, W]
  kVectors,  ///< areas whose attribute names a class, drawn onto the first image's grid; outside them class 0
};

struct LabelFile {
  std::string path;
  LabelFormat format = LabelFormat::kRaster;
  std::optional<Date> date{};
};

/// What the values of a data set's label rasters mean.
struct LabelCoding {
  std::map<int64_t, int64_t> values;                    ///< stored value -> class, or -1: ignored
  std::map<std::array<uint8_t, 3>, int64_t> colours{};  ///< where not empty: red, green, blue -> the same
  std::string attribute{};                              ///< of vectors: the column that names the class
  std::map<std::string, int64_t> names{};               ///< of documents: label -> class, or -1: not one of the classes
};

/// A sample before anything is read.
struct SampleRecord {
  SampleEntry entry;
  PerModality<std::vector<ImageFile>> images;
  std::vector<int64_t> classes{};  ///< of kClass: one
  std::string document{};          ///< of kMultiLabel: the JSON file that lists its labels; read with the sample
  std::vector<LabelFile> masks{};  ///< of the others; empty where labels are withheld
};

/// What a reader makes of a folder.
struct DatasetListing {
  DatasetDescription description;
  LabelCoding coding;
  std::vector<SampleRecord> samples;
};

}  // namespace skysense
