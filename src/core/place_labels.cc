#include "core/place_labels.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/error.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string() || found->get_ref<const std::string&>().empty())
    throw DataError(fmt::format("'{}' is missing or no text", key));
  return found->get<std::string>();
}

std::string text_or_nothing(const Json& object, const char* key) {
  return object.contains(key) ? text_of(object, key) : std::string();
}

Date date_of(const Json& object) {
  const std::string text = text_of(object, "date");
  const auto date = parse_date(text);
  if (!date) throw DataError(fmt::format("'{}' is no date", text));
  return *date;
}

const Json& list_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) throw DataError(fmt::format("'{}' is missing or no list", key));
  for (const Json& item : *found) {
    if (!item.is_object()) throw DataError(fmt::format("'{}' holds something else than objects", key));
  }
  return *found;
}

/// What is dated comes by rising date.
template <class Dated>
void require_order(const std::vector<Dated>& items, const char* key) {
  for (size_t i = 1; i < items.size(); ++i) {
    if (items[i].date <= items[i - 1].date)
      throw DataError(
          fmt::format("'{}': {} does not come after {}", key, items[i].date.text(), items[i - 1].date.text()));
  }
}

PlaceLabels labels_of(const Json& line) {
  if (!line.is_object()) throw DataError("no JSON object");
  PlaceLabels labels;
  labels.id = text_of(line, "id");
  labels.hr_cover = text_or_nothing(line, "hr_cover");
  labels.crops = text_or_nothing(line, "crops");
  if (const auto change = line.find("change"); change != line.end()) {
    if (!change->is_object()) throw DataError("'change' is no object");
    labels.change = text_of(*change, "mask");
    for (const Json& flight : list_of(*change, "flights"))
      labels.flights.push_back({date_of(flight), text_of(flight, "hr"), text_of(flight, "hr_cover")});
    if (labels.flights.size() != 2)
      throw DataError(fmt::format("'change.flights' has {} flights, expected 2", labels.flights.size()));
    require_order(labels.flights, "change.flights");
  }
  if (line.contains("months")) {
    for (const Json& month : list_of(line, "months"))
      labels.months.push_back(
          {date_of(month), text_of(month, "ms"), text_or_nothing(month, "clear"), text_of(month, "cover")});
    require_order(labels.months, "months");
  }
  return labels;
}

}  // namespace

std::vector<PlaceLabels> parse_place_labels(const std::string& text, const std::string& origin) {
  std::vector<PlaceLabels> places;
  std::set<std::string> ids;
  std::istringstream lines(text);
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      places.push_back(labels_of(Json::parse(line, nullptr, /*allow_exceptions=*/false)));
      if (!ids.insert(places.back().id).second)
        throw DataError(fmt::format("place '{}' stands there twice", places.back().id));
    } catch (const DataError& error) {
      throw DataError(fmt::format("{}:{}: {}", origin, number, error.what()));
    }
  }
  return places;
}

}  // namespace skysense
