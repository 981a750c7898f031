#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skysense {

/// A table of texts with a line of column names (RFC 4180: fields in quotes may hold commas, line breaks and doubled
/// quotes).
struct CsvTable {
  std::string origin;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< each as long as `columns`

  /// Number of a column. Throws DataError naming the file and the columns that it has.
  size_t column(const std::string& name) const;
};

/// Throws DataError "<origin>:<line>: …" for a row of another length, text behind a closing quote and a quote without
/// end, and for a text without a line of names.
CsvTable parse_csv(const std::string& text, const std::string& origin);

/// A whole number in a field. Throws DataError naming file and column.
int64_t csv_number(const CsvTable& table, size_t row, size_t column);

}  // namespace skysense
