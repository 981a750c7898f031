#pragma once

#include <string>
#include <vector>

#include "core/feature_file.h"
#include "viz/picture.h"

namespace skysense::app {

/// What `visualize` draws: vectors of one source ("hr", a file's name).
struct NamedFeatures {
  std::string name;
  FeatureSet features;
};

/// How vectors become points of a plane.
struct TsnePlotOptions {
  double perplexity = 30;
  int64_t iterations = 1000;
  int64_t components = 50;  ///< main components that distances are measured in
  bool cosine = false;      ///< vectors are brought to length 1 first
  int64_t threads = 0;      ///< 0: all cores
};

/// Points of all sources together, in their order.
struct TsnePlot {
  FeatureSet coordinates;            ///< width 2; labels and ids of the sources
  std::vector<std::string> sources;  ///< one a point
  double kl_divergence = 0;
  int64_t components = 0;  ///< that were there
};

/// Throws DataError where the sources' widths differ or there are too few points for the perplexity.
TsnePlot lay_out(const std::vector<NamedFeatures>& sources, const TsnePlotOptions& options);

/// The plot coloured by label or by source.
Picture draw(const TsnePlot& plot, bool by_label, const std::string& title);

/// id, source, label, x, y of every point as CSV (RFC 4180), or, where the file's name ends in .safetensors, as a
/// feature file of width 2. Throws DataError.
void write_coordinates(const std::string& file, const TsnePlot& plot);

}  // namespace skysense::app
