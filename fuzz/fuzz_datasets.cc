#include <span>

#include "core/csv.h"
#include "core/dataset_documents.h"
#include "core/npy.h"
#include "fuzz/target.h"

namespace {

/// An array that is accepted has elements that can be counted and read.
void numpy_array(const uint8_t* bytes, size_t size) {
  const auto data = std::as_bytes(std::span(bytes, size));
  const auto header = skysense::parse_npy_header(data, "fuzz");
  const int64_t elements = header.elements();
  if (elements < 0 || elements * header.item_bytes < 0 || header.data_offset > static_cast<int64_t>(size)) {
    __builtin_trap();
  }
  const int64_t held = (static_cast<int64_t>(size) - header.data_offset) / header.item_bytes;
  double sum = 0;
  for (int64_t i = 0; i < std::min(held, elements); ++i)
    sum += skysense::npy_element(header, data.data() + header.data_offset, i);
  if (sum == 0.12345) __builtin_trap();  // keeps the reads above
}

/// Rows are as long as the line of names, and numbers are read or refused.
void csv_table(const std::string& text) {
  const auto table = skysense::parse_csv(text, "fuzz");
  for (size_t row = 0; row < table.rows.size(); ++row) {
    if (table.rows[row].size() != table.columns.size()) __builtin_trap();
    for (size_t column = 0; column < table.columns.size(); ++column)
      skysense::fuzz::refuses_or_reads([&] { skysense::csv_number(table, row, column); });
  }
}

void pastis(const std::string& text) {
  for (const auto& patch : skysense::parse_pastis_metadata(text, "fuzz")) {
    if (patch.fold < 1 || patch.fold > 5 || !patch.dates.contains("S2")) __builtin_trap();
  }
}

}  // namespace

/// The documents and arrays of published data sets.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text = skysense::fuzz::text_of(bytes, size);
  skysense::fuzz::refuses_or_reads([&] { numpy_array(bytes, size); });
  skysense::fuzz::refuses_or_reads([&] { csv_table(text); });
  skysense::fuzz::refuses_or_reads([&] { pastis(text); });
  skysense::fuzz::refuses_or_reads([&] { skysense::parse_bigearthnet_patch(text, "fuzz"); });
  for (const std::string& name : skysense::parse_name_list(text)) {
    if (name.empty() || name.front() == ' ' || name.back() == '\r') __builtin_trap();
  }
  return 0;
}
