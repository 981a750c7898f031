#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/place_sample.h"

namespace skysense {

/// How the images of class folders are read.
struct ClassFolderOptions {
  SensorContract sensor;  ///< what the files hold; its modality is the images'
  std::string bands;      ///< "B04=3,B03=2", numbers in the file from 1; empty: by name, colour or order
  /// Side in pixels that every image is brought to: its shorter side is resized to it, then the centre is cut out.
  /// 0: images stay as they are where all have the same size; else the most frequent shorter side is taken.
  int64_t size = 0;
};

/// A folder with one subfolder of images a class (the layout of EuroSAT, UC Merced, AID, NWPU): FOLDER/CLASS/*.jpg, png
/// or tif. The classes are numbered in the order of their names. A sample's id is "CLASS/file", it has one image of
/// one modality, and `scene_class` is its class's number.
class ClassFolder : public PlaceDataset {
 public:
  /// Lists the folder, without decoding any image. Throws DataError where it is missing, has fewer than two classes, or
  /// a class without images.
  ClassFolder(const std::filesystem::path& folder, const ClassFolderOptions& options);

  const std::vector<std::string>& classes() const { return classes_; }
  int64_t size() const override { return static_cast<int64_t>(images_.size()); }
  /// Throws DataError naming the file: unreadable, without the sensor's bands, or with values that do not fit it.
  PlaceSample get(int64_t number) const override;
  const SensorContracts& contracts() const override { return contracts_; }
  /// "CLASS/file" of a sample, without reading it.
  const std::string& name(int64_t number) const { return images_.at(static_cast<size_t>(number)).name; }
  /// The side that images are brought to, or 0 where they stay as they are.
  int64_t common_size() const { return options_.size; }

 private:
  struct ClassImage {
    std::string name;
    int64_t scene_class;
  };
  std::filesystem::path file(int64_t number) const { return folder_ / name(number); }

  const std::filesystem::path folder_;
  ClassFolderOptions options_;
  SensorContracts contracts_;
  std::vector<std::string> classes_;
  std::vector<ClassImage> images_;
};

}  // namespace skysense
