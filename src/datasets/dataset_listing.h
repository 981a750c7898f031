#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/box_documents.h"
#include "data/object_check.h"
#include "datasets/labelled_dataset.h"

namespace skysense {

/// One image of a sample, as files.
struct ImageFile {
  std::vector<std::string> paths;  ///< one file, or one a band in the contract's order; anything GDAL opens
  std::string bands{};             ///< "B04=3,B03=2": bands (from 1) of the contract's; empty: by name or order
  std::optional<Date> date{};
  /// Of a NumPy series [T, C, H, W]: the image's number in it; its first bands are the contract's.
  std::optional<int64_t> series_number{};
  bool may_be_grey = false;  ///< a file of one band stands for all bands of the contract
  std::string validity{};    ///< mask raster of the same ground, as an index names it (docs/formats.md); empty: none
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

/// How a file names the objects of an image.
enum class BoxFormat {
  kDota,          ///< labelTxt
  kVoc,           ///< PASCAL VOC's XML, also with DIOR-R's turned boxes
  kFair1m,        ///< FAIR1M's XML
  kVectors,       ///< areas on the ground whose attribute names a class, of this image
  kVectorsOfAll,  ///< the same of many images
  kListed,        ///< a document of all images, which the reader has read
};

struct BoxFile {
  std::string path;
  BoxFormat format = BoxFormat::kDota;
  ImageObjects listed{};  ///< of kListed
};

/// What becomes of the objects that files name.
struct ObjectReading {
  BoxKind kind = BoxKind::kOriented;
  double least_share = 0.7;  ///< of an object that a window shows where it is not to be ignored (data/object_moves.h)
  bool strict = false;       ///< an object or file that would be left out is an error
};

/// What the values of a data set's label rasters mean.
struct LabelCoding {
  std::map<int64_t, int64_t> values;                    ///< stored value -> class, or -1: ignored
  std::map<std::array<uint8_t, 3>, int64_t> colours{};  ///< where not empty: red, green, blue -> the same
  std::string attribute{};                              ///< of vectors: the column that names the class
  /// Of documents and boxes: label -> class, or -1: not one of the classes.
  std::map<std::string, int64_t> names{};
};

/// A sample before anything is read.
struct SampleRecord {
  SampleEntry entry;
  PerModality<std::vector<ImageFile>> images;
  std::vector<int64_t> classes{};  ///< of kClass: one
  std::string document{};          ///< of kMultiLabel: the JSON file that lists its labels; read with the sample
  std::vector<LabelFile> masks{};  ///< of maps; empty where labels are withheld
  std::optional<BoxFile> boxes{};  ///< of kBoxes; nothing where labels are withheld
};

/// What a reader makes of a folder.
struct DatasetListing {
  DatasetDescription description;
  LabelCoding coding;
  std::vector<SampleRecord> samples;
  ObjectReading objects{};  ///< of kBoxes
};

}  // namespace skysense
