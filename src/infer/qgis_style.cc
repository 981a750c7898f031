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

std::string qgis_outline_style(const std::vector<std::string>& names,
                               const std::vector<std::array<uint8_t, 3>>& colours) {
  std::string categories, symbols;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto& colour = colours.at(i);
    const std::string name = escape_markup(names[i]);
    categories += fmt::format(
        "      <category value=\"{0}\" label=\"{0}\" symbol=\"{1}\" type=\"string\" render=\"true\"/>\n", name, i);
    symbols += fmt::format(
        "      <symbol type=\"fill\" name=\"{}\" alpha=\"1\" clip_to_extent=\"1\" force_rhr=\"0\">\n"
        "        <layer class=\"SimpleFill\" enabled=\"1\" locked=\"0\" pass=\"0\">\n"
        "          <prop k=\"style\" v=\"no\"/>\n"
        "          <prop k=\"outline_color\" v=\"{},{},{},255\"/>\n"
        "          <prop k=\"outline_style\" v=\"solid\"/>\n"
        "          <prop k=\"outline_width\" v=\"0.46\"/>\n"
        "          <prop k=\"outline_width_unit\" v=\"MM\"/>\n"
        "        </layer>\n"
        "      </symbol>\n",
        i, colour[0], colour[1], colour[2]);
  }
  return fmt::format(
      "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
      "<qgis version=\"3.22\" styleCategories=\"Symbology|Labeling\" labelsEnabled=\"1\">\n"
      "  <renderer-v2 type=\"categorizedSymbol\" attr=\"name\" symbollevels=\"0\" enableorderby=\"0\" "
      "forceraster=\"0\">\n"
      "    <categories>\n{}    </categories>\n"
      "    <symbols>\n{}    </symbols>\n"
      "  </renderer-v2>\n"
      "  <labeling type=\"simple\">\n"
      "    <settings calloutType=\"simple\">\n"
      "      <text-style isExpression=\"1\" fieldName=\"&quot;name&quot; || ' ' || round(&quot;score&quot;, 2)\" "
      "fontSize=\"7\" fontSizeUnit=\"Point\" textColor=\"20,24,29,255\">\n"
      "        <text-buffer bufferDraw=\"1\" bufferSize=\"0.7\" bufferSizeUnits=\"MM\" "
      "bufferColor=\"255,255,255,255\"/>\n"
      "      </text-style>\n"
      "      <placement placement=\"6\"/>\n"
      "      <rendering drawLabels=\"1\" scaleVisibility=\"1\" scaleMax=\"1\" scaleMin=\"5000\" "
      "obstacle=\"0\"/>\n"
      "    </settings>\n"
      "  </labeling>\n"
      "  <blendMode>0</blendMode>\n"
      "</qgis>\n",
      categories, symbols);
}

}  // namespace skysense
