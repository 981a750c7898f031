#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/place_sample.h"
#include "engine/product.h"

namespace skysense {

/// How class folders of images are read for a model; an index says all of this itself.
struct LabelledReading {
  std::string sensor;  ///< built-in contract of the files; empty: they are what the model's own contract says
  std::string bands;   ///< "B04=3,B03=2"; empty: by name, colour or order
  int64_t size = 0;    ///< side in pixels, 0: as they are
  std::optional<Modality> modality{};  ///< of the images; nothing: the sensor's, or the first that the model takes
};

/// Samples with the names of their classes.
struct LabelledData {
  std::unique_ptr<PlaceDataset> samples;
  std::vector<std::string> classes;  ///< names of the classes 0, 1, …; empty for an index without classes.json
};

/// Opens a folder with an index.jsonl, or one with a subfolder of images a class, whose bands come in the model's
/// order. Throws DataError for a folder that is neither, and a sensor that the model does not take or that lacks a band
/// of it.
LabelledData open_labelled_data(const std::filesystem::path& folder, const LabelledReading& reading,
                                const Product& product);

}  // namespace skysense
