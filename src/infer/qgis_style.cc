#include "infer/qgis_style.h"

#include <fmt/format.h>

#include "core/markup.h"

namespace skysense {

std::string qgis_style(const std::vector<std::string>& names, const std::vector<std::array<uint8_t, 3>>& colours) {
  std::string entries;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto& colour = colours.at(i);
    entries +=
        fmt::format("        <paletteEntry value=\"{}\" color=\"#{:02x}{:02x}{:02x}\" alpha=\"255\" label=\"{}\"/>\n",
                    i, colour[0], colour[1], colour[2], escape_markup(names[i]));
  }
  return fmt::format(
      "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
      "<qgis version=\"3.22\" styleCategories=\"Symbology\">\n"
      "  <pipe>\n"
      "    <rasterrenderer type=\"paletted\" band=\"1\" opacity=\"1\" alphaBand=\"-1\" nodataColor=\"\">\n"
      "      <colorPalette>\n{}      </colorPalette>\n"
      "    </rasterrenderer>\n"
      "  </pipe>\n"
      "  <blendMode>0</blendMode>\n"
      "</qgis>\n",
      entries);
}

}  // namespace skysense
