#include "core/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"

namespace skysense {
namespace {

/// One record from `at` on, which moves behind its line break; `line` counts line breaks.
std::vector<std::string> read_record(const std::string& text, size_t& at, int64_t& line, const std::string& origin) {
  std::vector<std::string> fields(1);
  const int64_t first_line = line;
  while (at < text.size()) {
    if (text[at] == '"' && fields.back().empty()) {
      ++at;
      for (;; ++at) {
        if (at == text.size()) throw DataError(fmt::format("{}:{}: a quote without end", origin, first_line));
        if (text[at] == '\n') ++line;
        if (text[at] != '"') {
          fields.back() += text[at];
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          fields.back() += text[++at];
        } else {
          break;
        }
      }
      ++at;
      if (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r')
        throw DataError(fmt::format("{}:{}: text behind a closing quote", origin, line));
    } else if (text[at] == ',') {
      fields.emplace_back();
      ++at;
    } else if (text[at] == '\n' || text[at] == '\r') {
      at += text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
      ++line;
      return fields;
    } else {
      fields.back() += text[at++];
    }
  }
  return fields;
}

bool is_blank(const std::vector<std::string>& fields) { return fields.size() == 1 && fields[0].empty(); }

}  // namespace

size_t CsvTable::column(const std::string& name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end())
    throw DataError(fmt::format("{}: has no column '{}', but {}", origin, name, fmt::join(columns, ", ")));
  return static_cast<size_t>(found - columns.begin());
}

CsvTable parse_csv(const std::string& text, const std::string& origin) {
  CsvTable table;
  table.origin = origin;
  size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;  // spreadsheets write a byte order mark
  int64_t line = 1;
  table.columns = read_record(text, at, line, origin);
  if (is_blank(table.columns)) throw DataError(fmt::format("{}: no line of column names", origin));
  while (at < text.size()) {
    const int64_t first_line = line;
    auto fields = read_record(text, at, line, origin);
    if (is_blank(fields)) continue;
    if (fields.size() != table.columns.size()) {
      throw DataError(fmt::format("{}:{}: {} fields under {} column names", origin, first_line, fields.size(),
                                  table.columns.size()));
    }
    table.rows.push_back(std::move(fields));
  }
  return table;
}

int64_t csv_number(const CsvTable& table, size_t row, size_t column) {
  const std::string& field = table.rows.at(row).at(column);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (field.empty() || error != std::errc() || end != field.data() + field.size()) {
    throw DataError(fmt::format("{}: row {}: {} is '{}', not a whole number", table.origin, row + 1,
                                table.columns.at(column), field));
  }
  return number;
}

}  // namespace skysense
