#include "app/tsne_plot.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/files.h"
#include "core/progress.h"
#include "core/random.h"
#include "eval/principal_components.h"
#include "viz/scatter_picture.h"
#include "viz/tsne.h"

namespace skysense::app {
namespace {

constexpr double kStartSpread = 1e-4;  // of the first component, as scikit-learn's

/// All vectors below each other, [N, D] float32.
torch::Tensor stacked(const std::vector<NamedFeatures>& sources, bool cosine) {
  std::vector<torch::Tensor> parts;
  for (const NamedFeatures& source : sources) {
    const FeatureSet& set = source.features;
    if (set.width != sources.front().features.width) {
      throw DataError(fmt::format("{} has vectors of {} values, {} of {}; draw them apart", source.name, set.width,
                                  sources.front().name, sources.front().features.width));
    }
    parts.push_back(torch::from_blob(const_cast<float*>(set.values.data()), {set.rows(), set.width}, torch::kFloat32));
  }
  auto all = torch::cat(parts);
  if (cosine) all = all / all.norm(2, 1, true).clamp_min(1e-12);
  return all;
}

/// The first two components, small, with a trace of noise that parts equal points.
std::vector<double> start_of(const torch::Tensor& components) {
  const int64_t count = components.size(0);
  const double spread = std::max(components.select(1, 0).std(0, false).item<double>(), 1e-300);
  RandomStream stream(1, 0, 0, "t-SNE");
  std::vector<double> start;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t axis = 0; axis < 2; ++axis) {
      const double value = axis < components.size(1) ? components[i][axis].item<double>() / spread : 0;
      start.push_back(kStartSpread * (value + 1e-3 * stream.normal()));
    }
  }
  return start;
}

/// The classes that occur, by name, for sources may number them differently; in the order of their numbers there.
std::map<std::string, int64_t> number_classes(const std::vector<NamedFeatures>& sources,
                                              std::vector<std::string>& names) {
  std::set<std::pair<int64_t, std::string>> found;
  for (const NamedFeatures& source : sources) {
    const std::set<int64_t> labels(source.features.labels.begin(), source.features.labels.end());
    for (const int64_t label : labels) {
      if (label >= 0) found.emplace(label, source.features.class_name(label));
    }
  }
  std::map<std::string, int64_t> numbers;
  for (const auto& [label, name] : found) {
    if (numbers.try_emplace(name, static_cast<int64_t>(names.size())).second) names.push_back(name);
  }
  return numbers;
}

/// Text of a CSV cell.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

}  // namespace

TsnePlot lay_out(const std::vector<NamedFeatures>& sources, const TsnePlotOptions& options) {
  TsnePlot plot;
  FeatureSet& points = plot.coordinates;
  points.width = 2;
  const std::map<std::string, int64_t> classes = number_classes(sources, points.class_names);
  for (const NamedFeatures& source : sources) {
    const FeatureSet& set = source.features;
    for (int64_t i = 0; i < set.rows(); ++i) {
      const auto row = static_cast<size_t>(i);
      plot.sources.push_back(source.name);
      points.ids.push_back(set.ids.empty() ? std::to_string(i) : set.ids[row]);
      if (classes.empty()) continue;
      const int64_t label = set.labels.empty() ? -1 : set.labels[row];
      points.labels.push_back(label < 0 ? -1 : classes.at(set.class_name(label)));
    }
  }
  const auto count = static_cast<int64_t>(plot.sources.size());
  if (!(options.perplexity < static_cast<double>(count - 1))) {
    throw DataError(fmt::format("{} points are too few for a perplexity of {:g}: give a smaller --perplexity", count,
                                options.perplexity));
  }
  const int64_t threads =
      options.threads > 0 ? options.threads : std::max<int64_t>(1, std::thread::hardware_concurrency());
  const auto components = principal_components(stacked(sources, options.cosine), options.components);
  plot.components = components.size(1);
  const auto narrow = components.to(torch::kFloat32).contiguous();
  const int64_t k = std::min(count - 1, static_cast<int64_t>(3 * options.perplexity));
  Progress search("neighbours", count, "points");
  const Neighbours neighbours =
      nearest_neighbours({narrow.const_data_ptr<float>(), static_cast<size_t>(narrow.numel())}, narrow.size(1), k,
                         threads, [&](int64_t done) { search.update(done); });
  search.finish();
  const Affinities affinities = affinities_of(neighbours, options.perplexity, threads);
  Progress progress("t-SNE", options.iterations, "iterations");
  const TsneResult found =
      tsne(affinities, start_of(components), {.iterations = options.iterations, .threads = threads},
           [&](int64_t done) { progress.update(done); });
  progress.finish();
  points.values.assign(found.xy.begin(), found.xy.end());
  plot.kl_divergence = found.kl_divergence;
  return plot;
}

Picture draw(const TsnePlot& plot, bool by_label, const std::string& title) {
  Scatter scatter{.title = title, .xy = {}, .groups = {}, .names = {}};
  scatter.xy.assign(plot.coordinates.values.begin(), plot.coordinates.values.end());
  if (by_label) {
    scatter.names = plot.coordinates.class_names;
    const auto unlabelled = static_cast<int64_t>(scatter.names.size());
    for (const int64_t label : plot.coordinates.labels) scatter.groups.push_back(label < 0 ? unlabelled : label);
    if (std::find(scatter.groups.begin(), scatter.groups.end(), unlabelled) != scatter.groups.end())
      scatter.names.push_back("unlabelled");
    return scatter_picture(scatter);
  }
  for (const std::string& source : plot.sources) {
    const auto found = std::find(scatter.names.begin(), scatter.names.end(), source);
    scatter.groups.push_back(found - scatter.names.begin());
    if (found == scatter.names.end()) scatter.names.push_back(source);
  }
  return scatter_picture(scatter);
}

void write_coordinates(const std::string& file, const TsnePlot& plot) {
  const FeatureSet& points = plot.coordinates;
  if (file.ends_with(".safetensors")) return write_feature_file(file, points);
  std::string text = "id,source,label,x,y\r\n";
  for (size_t i = 0; i < plot.sources.size(); ++i) {
    const bool labelled = !points.labels.empty() && points.labels[i] >= 0;
    text += fmt::format("{},{},{},{:.6g},{:.6g}\r\n", quoted(points.ids[i]), quoted(plot.sources[i]),
                        labelled ? quoted(points.class_name(points.labels[i])) : "", points.values[2 * i],
                        points.values[2 * i + 1]);
  }
  write_file_atomically(file, text);
}

}  // namespace skysense::app
