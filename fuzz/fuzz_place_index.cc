#include "core/class_names.h"
#include "core/place_index.h"
#include "core/place_labels.h"
#include "fuzz/target.h"

namespace {

/// A line that is read must be written back as a line that reads the same.
void place_line(const std::string& text) {
  const auto place = skysense::parse_place(text, "fuzz:1");
  const std::string line = skysense::format_place(place);
  if (line.find('\n') != std::string::npos) __builtin_trap();
  if (skysense::format_place(skysense::parse_place(line, "rewritten:1")) != line) __builtin_trap();
}

/// And so must the names of classes.
void class_names(const std::string& text) {
  const auto names = skysense::parse_class_names(text, "fuzz");
  if (skysense::parse_class_names(skysense::format_class_names(names), "rewritten") != names) __builtin_trap();
}

/// Further labels that are read have what the tasks take for granted.
void place_labels(const std::string& text) {
  for (const skysense::PlaceLabels& place : skysense::parse_place_labels(text, "fuzz")) {
    const bool flights = place.flights.empty() ? place.change.empty()
                                               : place.flights.size() == 2 && !place.change.empty() &&
                                                     place.flights[0].date < place.flights[1].date;
    if (place.id.empty() || !flights) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text = skysense::fuzz::text_of(bytes, size);
  skysense::fuzz::refuses_or_reads([&] { place_line(text); });
  skysense::fuzz::refuses_or_reads([&] { place_labels(text); });
  return skysense::fuzz::refuses_or_reads([&] { class_names(text); });
}
