#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/error.h"
#include "infer/predict_scene.h"
#include "raster/raster_reader.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"
#include "testing/texture.h"
#include "tests/infer/nano_task.h"

namespace skysense::testing {

struct Map {
  torch::Tensor values;  // [bands, h, w] as stored
  Georeference georeference;
};

inline Map read_map(const std::filesystem::path& file) {
  const RasterReader reader(file.string(), {.nodata = -1, .layer = {}, .valid_values = {}});
  const auto bands = band_range(static_cast<int64_t>(reader.bands().size()));
  Map map{torch::empty({static_cast<int64_t>(bands.size()), reader.height(), reader.width()}), reader.georeference()};
  reader.read({0, 0, reader.width(), reader.height()}, bands, map.values.data_ptr<float>(), nullptr);
  return map;
}

/// The part of a map that another one covers, by their georeferences.
inline torch::Tensor part_of(const Map& whole, const Map& part) {
  const PixelPoint corner = whole.georeference.to_pixel(part.georeference.to_map({0, 0}));
  return whole.values.narrow(1, std::llround(corner.y), part.values.size(1))
      .narrow(2, std::llround(corner.x), part.values.size(2));
}

class PredictScene : public ::testing::Test {
 protected:
  TemporaryFolder folder;

  std::filesystem::path file(const std::string& name) const { return folder.path() / name; }
  PredictOptions options_for(const TaskProduct& product, const std::vector<std::filesystem::path>& images) const {
    PredictOptions options;
    for (const std::filesystem::path& image : images) {
      SceneRequest request;
      request.wanted = product.contracts;
      request.images[product.task.output] = {{image, std::nullopt, ""}};
      options.times.push_back(request);
    }
    return options;
  }
  PredictionOutput output_to(const std::string& name) const {
    PredictionOutput output;
    output.map.path = file(name);
    output.map.format = "GTiff";
    output.layers.probabilities = true;
    return output;
  }
  PredictionResult predict(const TaskProduct& product, const PredictOptions& options, const std::string& name) const {
    return predict_scene(PredictJob(product, options), output_to(name));
  }
  std::string refusal(const TaskProduct& product, const PredictOptions& options) const {
    return error_of([&] { predict(product, options, "refused.tif"); });
  }
};

}  // namespace skysense::testing
