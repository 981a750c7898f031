#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "viz/picture.h"
#include "viz/plot.h"

namespace skysense {

/// Text in rows; every row has as many cells as the header.
struct ReportTable {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

struct ReportPicture {
  std::string title, caption;
  Picture picture;
};

/// What a run has to show. Parts that are empty leave no trace in the page.
struct ReportContent {
  std::string title;
  std::string summary = {};  ///< a sentence or two below the title
  std::vector<ReportTable> tables = {};
  std::vector<Plot> curves = {};
  std::vector<ReportPicture> pictures = {};
};

/// Writes one HTML file that needs nothing else: styles, SVG curves and PNG pictures are inside it, no script, no link.
/// It appears whole or not at all. Throws DataError with the path and the system's reason.
void write_report(const std::filesystem::path& file, const ReportContent& content);

/// Writes the pictures as PNG files into a folder, which it makes: their titles in lower case, with "-" for what is
/// neither letter nor digit. Returns the files in order. Throws DataError.
std::vector<std::filesystem::path> write_pictures(const std::filesystem::path& folder, const ReportContent& content);

/// The page's text; write_report stores it.
std::string report_html(const ReportContent& content);

/// The curves of a run's `log.jsonl` over `step`: the accuracy of the teacher's features where it was measured (paper
/// Fig. 7's form), the total loss, its parts together, the health of the heads and experts, the gradient's norm, the
/// learning rate, the speed and the wait for data.
/// Lines without a step, text values and numbers that are not finite are passed over; a last line cut short by a killed
/// run is too. Throws DataError where the file cannot be read or an earlier line is no JSON object.
std::vector<Plot> curves_of_log(const std::filesystem::path& log_jsonl);

}  // namespace skysense
