#include "datasets/scaled_window.h"

namespace skysense {

PixelWindow scaled_window(const PixelWindow& window, const RasterSize& extent, const RasterSize& raster,
                          const std::string& path) {
  const auto whole = [&](int64_t value, int64_t side, int64_t of) {
    TORCH_CHECK_VALUE(value * side % of == 0, path, ": the window of ", window.width, " x ", window.height, " at (",
                      window.x, ", ", window.y, ") of ", extent.width, " x ", extent.height,
                      " is not of whole pixels of its ", raster.width, " x ", raster.height);
    return value * side / of;
  };
  return {whole(window.x, raster.width, extent.width), whole(window.y, raster.height, extent.height),
          whole(window.width, raster.width, extent.width), whole(window.height, raster.height, extent.height)};
}

PixelWindow window_inside(const std::optional<PixelWindow>& wanted, const RasterSize& extent,
                          const std::string& sample) {
  const PixelWindow whole{0, 0, extent.width, extent.height};
  const PixelWindow window = wanted.value_or(whole);
  TORCH_CHECK_VALUE(window.pixels() > 0 && window.intersect(whole) == window, sample, ": the window of ", window.width,
                    " x ", window.height, " at (", window.x, ", ", window.y, ") is not inside its ", extent.width,
                    " x ", extent.height, " pixels");
  return window;
}

}  // namespace skysense
