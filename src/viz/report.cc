#include "viz/report.h"

#include <fmt/format.h>

#include <cctype>
#include <map>
#include <stdexcept>

#include "core/error.h"
#include "core/files.h"
#include "core/markup.h"
#include "viz/png.h"

namespace skysense {
namespace {

std::string file_name_of(const std::string& title) {
  std::string name;
  for (const char c : title) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0)
      name += static_cast<char>(std::tolower(byte));
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "picture" : name;
}

constexpr const char* kStyle = R"(
:root { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: #14181d; color: #d7dde4; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1360px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; font-weight: 600; margin: 0 0 6px; color: #f2f5f8; }
h2 { font-size: 17px; font-weight: 600; margin: 40px 0 12px; color: #f2f5f8; }
h3 { font-size: 14px; font-weight: 600; margin: 20px 0 8px; color: #aab4bf; }
p { margin: 0 0 12px; max-width: 80ch; color: #aab4bf; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; text-align: left; border-bottom: 1px solid #2a313a; }
th { color: #8b96a3; font-weight: 500; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(400px, 1fr)); gap: 18px; }
figure { margin: 0; padding: 12px; background: #1b2027; border: 1px solid #2a313a; border-radius: 8px; }
figure img { display: block; max-width: 100%; margin: 0 auto; image-rendering: pixelated; border-radius: 4px; }
figcaption { padding-top: 8px; font-size: 13px; color: #8b96a3; }
figcaption b { color: #d7dde4; font-weight: 600; }
.plot { display: block; width: 100%; height: auto; }
)";

std::string table_html(const ReportTable& table) {
  std::string html = fmt::format("<h3>{}</h3><div class=\"scroll\"><table><tr>", escape_markup(table.title));
  for (const std::string& cell : table.header) html += "<th>" + escape_markup(cell) + "</th>";
  html += "</tr>\n";
  for (const auto& row : table.rows) {
    if (row.size() != table.header.size()) {
      throw std::logic_error(fmt::format("report table '{}': a row of {} cells under a header of {}", table.title,
                                         row.size(), table.header.size()));
    }
    html += "<tr>";
    for (const std::string& cell : row) html += "<td>" + escape_markup(cell) + "</td>";
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string picture_html(const ReportPicture& item) {
  return fmt::format(
      "<figure><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"><figcaption><b>{0}</b> {2}</figcaption></figure>\n",
      escape_markup(item.title), base64(encode_png(item.picture)), escape_markup(item.caption));
}

}  // namespace

std::string report_html(const ReportContent& content) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style></head>\n"
      "<body><main>\n<h1>{0}</h1>\n",
      escape_markup(content.title), kStyle);
  if (!content.summary.empty()) html += "<p>" + escape_markup(content.summary) + "</p>\n";
  if (!content.tables.empty()) html += "<h2>Figures</h2>\n";
  for (const ReportTable& table : content.tables) html += table_html(table);
  if (!content.curves.empty()) {
    html += "<h2>Curves</h2>\n<div class=\"cards\">\n";
    for (const Plot& plot : content.curves) html += "<figure>" + svg_of(plot) + "</figure>\n";
    html += "</div>\n";
  }
  if (!content.pictures.empty()) {
    html += "<h2>Pictures</h2>\n<div class=\"cards\">\n";
    for (const ReportPicture& item : content.pictures) html += picture_html(item);
    html += "</div>\n";
  }
  return html + "</main></body></html>\n";
}

void write_report(const std::filesystem::path& file, const ReportContent& content) {
  write_file_atomically(file, report_html(content));
}

std::vector<std::filesystem::path> write_pictures(const std::filesystem::path& folder, const ReportContent& content) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw DataError(fmt::format("{}: {}", folder.string(), failed.message()));
  std::vector<std::filesystem::path> files;
  std::map<std::string, int> named;
  for (const ReportPicture& picture : content.pictures) {
    std::string name = file_name_of(picture.title);
    if (const int before = named[name]++; before > 0) name += fmt::format("-{}", before + 1);
    files.push_back(folder / (name + ".png"));
    write_png(files.back(), picture.picture);
  }
  return files;
}

}  // namespace skysense
