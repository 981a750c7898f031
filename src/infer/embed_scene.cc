#include "infer/embed_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "infer/pca_colours.h"
#include "infer/staged_outputs.h"
#include "raster/raster_reader.h"
#include "raster/raster_writer.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPictureSide = 2048;  // of the PNG, at most
constexpr int64_t kStripRows = 64;      // of the preview, painted at once

RasterLayout feature_layout(const EmbedJob& job, const OutputOptions& output) {
  RasterLayout layout;
  layout.width = job.area().columns;
  layout.height = job.area().rows;
  layout.bands = job.width();
  layout.type = PixelType::kFloat32;
  layout.georeference = job.scene().grid().georeference(job.area());
  layout.nodata = std::numeric_limits<double>::quiet_NaN();
  for (int64_t i = 0; i < layout.bands; ++i) layout.band_names.push_back(fmt::format("feature_{}", i));
  layout.tags = job.provenance();
  layout.format = output.format;
  layout.creation_options = output.creation_options;
  return layout;
}

/// Writes the raster of features and counts into `result`; a sample of the valid cells comes back.
CellSample write_features(EmbedJob& job, const OutputOptions& output, const fs::path& path, EmbedResult& result) {
  CellSample sample(job.area(), kPreviewSampleCells);
  RasterWriter writer(path, feature_layout(job, output));
  const FeatureRunCounts counts = job.run(job.blocks(), true, [&](const WindowFeatures& found) {
    const CellWindow& window = found.window;
    // GDAL 3.6 cannot write bands of 16-bit floats without fault; zeroed mantissa bits compress nearly as well.
    const torch::Tensor values = output.half ? found.values.to(torch::kHalf).to(torch::kFloat) : found.values;
    writer.write({window.column - job.area().column, window.row - job.area().row, window.columns, window.rows},
                 values.data_ptr<float>());
    sample.add(found);
    result.valid_cells += found.valid.sum().item<int64_t>();
  });
  result.tiles = counts.tiles;
  result.pixels = job.scene().counts();
  if (result.valid_cells == 0)
    throw DataError("no valid pixel in the area asked for: all of it is nodata, NaN or masked");
  writer.finish();
  return sample;
}

/// Paints the feature raster as a georeferenced RGBA raster, and as a picture of every step-th cell.
void write_preview(const fs::path& features, const PcaColours& colours, const fs::path& tif, const fs::path& png) {
  const RasterReader reader(features.string());
  const auto bands = band_range(static_cast<int64_t>(reader.bands().size()));
  RasterLayout layout;
  layout.width = reader.width();
  layout.height = reader.height();
  layout.bands = 4;
  layout.type = PixelType::kUInt8;
  layout.georeference = reader.georeference();
  layout.band_names = {"red", "green", "blue", "alpha"};
  const int64_t step = ceil_divide(std::max(layout.width, layout.height), kPictureSide);
  RasterLayout picture = layout;
  picture.width = ceil_divide(layout.width, step);
  picture.height = ceil_divide(layout.height, step);
  picture.georeference = {};
  picture.band_names.clear();
  picture.format = "PNG";
  RasterWriter tif_writer(tif, layout), png_writer(png, picture);
  for (int64_t row = 0; row < layout.height; row += kStripRows) {
    for (int64_t column = 0; column < layout.width; column += kPictureSide) {
      const PixelWindow window{column, row, std::min(kPictureSide, layout.width - column),
                               std::min(kStripRows, layout.height - row)};
      auto values = torch::empty({static_cast<int64_t>(bands.size()), window.height, window.width});
      auto valid = torch::empty({window.height, window.width}, torch::kUInt8);
      reader.read(window, bands, values.data_ptr<float>(), valid.data_ptr<uint8_t>());
      values.masked_fill_(valid == 0, std::numeric_limits<float>::quiet_NaN());
      const auto painted = colours.paint(values);
      tif_writer.write(window, painted.data_ptr<uint8_t>());
      using torch::indexing::Slice;
      const int64_t top = ceil_divide(row, step), left = ceil_divide(column, step);
      const auto seen =
          painted.index({Slice(), Slice(top * step - row, {}, step), Slice(left * step - column, {}, step)})
              .contiguous();
      if (seen.numel() > 0) png_writer.write({left, top, seen.size(2), seen.size(1)}, seen.data_ptr<uint8_t>());
    }
  }
  tif_writer.finish();
  png_writer.finish();
}

}  // namespace

EmbedResult embed_scene(EmbedJob& job, const OutputOptions& output) {
  EmbedResult result{.width = job.area().columns, .height = job.area().rows, .features = job.width()};
  result.preview_tif = beside(output.path, "_rgb.tif");
  result.preview_png = beside(output.path, "_rgb.png");
  StagedOutputs staged({output.path, result.preview_tif, result.preview_png}, output.overwrite);
  staged.produce([&] {
    const CellSample sample = write_features(job, output, staged.stage(0), result);
    write_preview(staged.stage(0), PcaColours(sample.rows()), staged.stage(1), staged.stage(2));
  });
  return result;
}

}  // namespace skysense
