#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "datasets/dataset_listing.h"
#include "datasets/dataset_options.h"

namespace skysense {

// What the layouts of data sets of boxes share.

/// Says in the listing how objects are read: upright or turned as the options ask, else as `oriented` says.
void set_object_reading(DatasetListing& listing, const DatasetOptions& options, bool oriented);
/// Names the classes, and the labels by them.
void set_classes(DatasetListing& listing, const std::vector<std::string>& classes);

/// Where images and their labels lie.
struct BoxFolder {
  std::filesystem::path images;
  std::optional<std::filesystem::path> labels;  ///< nothing: they are withheld
  std::string split;
  std::string prefix;  ///< of the samples' names: "train/"
  BoxFormat format = BoxFormat::kDota;
};

/// A sample for every image; its label file has the image's name. An image without a label file, and a label file
/// without an image, is left out and noted in the description's problems.
void add_box_folder(DatasetListing& listing, const BoxFolder& folder, const DatasetOptions& options);

/// An image by its path with the label file that belongs to it; noted and left out where either is missing. Grey
/// pictures stand for all bands: aerial data sets hold some.
void add_box_sample(DatasetListing& listing, const std::string& name, const std::string& split,
                    const std::filesystem::path& image, const std::optional<BoxFile>& boxes,
                    const DatasetOptions& options);

/// Notes the label files of a folder, where there is one, whose names are not those of images.
void note_stray_labels(DatasetListing& listing, const std::filesystem::path& labels, BoxFormat format,
                       const std::set<std::string>& images, const std::string& folders);

/// finish_listing, and strict: throws DataError with the first problem where there is one.
void finish_box_listing(DatasetListing& listing, const std::filesystem::path& root, const std::string& layout);

}  // namespace skysense
