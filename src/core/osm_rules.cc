#include "core/osm_rules.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"

namespace skysense {
namespace {

constexpr int64_t kFormatVersion = 1;
constexpr size_t kMostClasses = 255;             // 255 itself is "unlabelled"
constexpr double kLeast_m = 0.1, kMost_m = 200;  // widths of tags beyond these are slips of the keyboard
const std::vector<std::string> kKindNames = {"area", "line", "point"};

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw UsageError(fmt::format("{}: {}", where, what));
}

/// A map of the document whose keys are checked once against what is known.
class Section {
 public:
  Section(const YAML::Node& node, std::string where, const std::vector<std::string>& known)
      : node_(node), where_(std::move(where)) {
    if (!node.IsMap()) refuse(where_, "must be a map of keys to values");
    for (const auto& item : node) {
      const std::string key = item.first.IsScalar() ? item.first.Scalar() : "";
      if (std::find(known.begin(), known.end(), key) == known.end())
        refuse(where_, fmt::format("unknown key '{}'; did you mean '{}'?", key, nearest_word(key, known)));
      if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) refuse(where_, key + " stands twice");
      seen_.push_back(key);
    }
  }

  const std::string& where() const { return where_; }
  bool has(const std::string& key) const { return std::find(seen_.begin(), seen_.end(), key) != seen_.end(); }
  YAML::Node get(const std::string& key) const {
    if (!has(key)) refuse(where_, key + " is missing");
    return node_[key];
  }
  std::string text(const std::string& key) const {
    const YAML::Node value = get(key);
    if (!value.IsScalar() || value.Scalar().empty()) refuse(where_, key + " must be a text");
    return value.Scalar();
  }
  double number(const std::string& key, double minimum, double maximum) const {
    double value = 0;
    const std::string word = text(key);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool whole = error == std::errc() && end == word.data() + word.size();
    if (!whole || !(value >= minimum && value <= maximum))
      refuse(where_, fmt::format("{} is '{}'; it must be a number from {} to {}", key, word, minimum, maximum));
    return value;
  }
  int64_t integer(const std::string& key, int64_t minimum, int64_t maximum) const {
    const double value = number(key, static_cast<double>(minimum), static_cast<double>(maximum));
    if (value != std::floor(value)) refuse(where_, key + " must be a whole number");
    return static_cast<int64_t>(value);
  }

 private:
  YAML::Node node_;
  std::string where_;
  std::vector<std::string> seen_;
};

std::array<uint8_t, 3> parse_colour(const Section& section) {
  const std::string text = section.text("colour");
  uint32_t value = 0;
  const char* const last = text.data() + text.size();
  const bool fits = text.size() == 7 && text[0] == '#' && std::from_chars(text.data() + 1, last, value, 16).ptr == last;
  if (!fits) refuse(section.where(), fmt::format("colour is '{}'; it must be like \"#4a7fc1\", in quotes", text));
  return {static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

std::vector<OsmClass> parse_classes(const YAML::Node& node, const std::string& origin) {
  if (!node.IsSequence() || node.size() == 0 || node.size() > kMostClasses)
    refuse(origin, fmt::format("classes must be a list of 1 to {} classes", kMostClasses));
  std::vector<OsmClass> classes(node.size());
  for (size_t i = 0; i < node.size(); ++i) {
    const Section section(node[i], fmt::format("{}: class {} of the list", origin, i), {"number", "name", "colour"});
    const auto number = static_cast<size_t>(section.integer("number", 0, static_cast<int64_t>(node.size()) - 1));
    const std::string name = section.text("name");
    if (!classes[number].name.empty())
      refuse(section.where(), fmt::format("number {} stands twice; numbers count from 0 without gaps", number));
    if (std::any_of(classes.begin(), classes.end(), [&](const OsmClass& other) { return other.name == name; }))
      refuse(section.where(), fmt::format("name '{}' stands twice", name));
    classes[number] = {name, parse_colour(section)};
  }
  return classes;
}

std::vector<TagCondition> parse_alternative(const YAML::Node& node, const std::string& where, const char* key) {
  if (!node.IsMap() || node.size() == 0)
    refuse(where, fmt::format("{} must be a map of tags to values, or a list of such maps", key));
  std::vector<TagCondition> conditions;
  for (const auto& item : node) {
    TagCondition condition;
    if (!item.first.IsScalar() || item.first.Scalar().empty()) refuse(where, fmt::format("{} has an empty tag", key));
    condition.key = item.first.Scalar();
    const auto add = [&](const YAML::Node& value) {
      if (!value.IsScalar() || value.Scalar().empty())
        refuse(where, fmt::format("{}: {} must be a value, a list of values, or \"*\" for any", key, condition.key));
      condition.values.push_back(value.Scalar());
    };
    if (item.second.IsSequence() && item.second.size() > 0) {
      for (const auto& value : item.second) add(value);
    } else {
      add(item.second);
      if (condition.values[0] == "*") condition.values.clear();
    }
    if (std::find(condition.values.begin(), condition.values.end(), "*") != condition.values.end())
      refuse(where, fmt::format("{}: {}: \"*\" stands alone, not in a list", key, condition.key));
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

TagConditions parse_conditions(const Section& section, const char* key) {
  const YAML::Node node = section.get(key);
  TagConditions alternatives;
  if (!node.IsSequence()) {
    alternatives.push_back(parse_alternative(node, section.where(), key));
    return alternatives;
  }
  for (const auto& item : node) alternatives.push_back(parse_alternative(item, section.where(), key));
  if (alternatives.empty()) refuse(section.where(), fmt::format("{} is empty", key));
  return alternatives;
}

std::array<bool, 3> parse_kinds(const Section& section) {
  std::array<bool, 3> kinds{};
  const auto add = [&](const YAML::Node& node) {
    const std::string name = node.IsScalar() ? node.Scalar() : "";
    const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
    if (found == kKindNames.end()) {
      refuse(section.where(), fmt::format("geometry '{}' is none of area, line, point; did you mean '{}'?", name,
                                          nearest_word(name, kKindNames)));
    }
    kinds[static_cast<size_t>(found - kKindNames.begin())] = true;
  };
  const YAML::Node node = section.get("geometry");
  if (node.IsSequence()) {
    for (const auto& item : node) add(item);
  } else {
    add(node);
  }
  if (kinds == std::array<bool, 3>{}) refuse(section.where(), "geometry is empty");
  return kinds;
}

uint8_t parse_class(const Section& section, const std::vector<OsmClass>& classes) {
  const std::string name = section.text("class");
  std::vector<std::string> names;
  for (size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].name == name) return static_cast<uint8_t>(i);
    names.push_back(classes[i].name);
  }
  refuse(section.where(), fmt::format("unknown class '{}'; did you mean '{}'?", name, nearest_word(name, names)));
}

OsmRule parse_rule(const YAML::Node& node, const std::string& origin, size_t number,
                   const std::vector<OsmClass>& classes) {
  std::string where = fmt::format("{}: rule {}", origin, number + 1);
  if (node.IsMap() && node["name"].IsDefined() && node["name"].IsScalar())
    where += fmt::format(" '{}'", node["name"].Scalar());
  const Section section(node, where,
                        {"name", "class", "geometry", "where", "unless", "order", "width_m", "width_tag", "lane_m",
                         "radius_m", "min_pixels", "max_gsd_m"});
  OsmRule rule;
  rule.name = section.text("name");
  rule.class_number = parse_class(section, classes);
  rule.kinds = parse_kinds(section);
  rule.where = parse_conditions(section, "where");
  if (section.has("unless")) rule.unless = parse_conditions(section, "unless");
  if (section.has("order")) rule.order = section.integer("order", -1000000, 1000000);
  const auto only_for = [&](const char* key, OsmGeometry kind) {
    if (section.has(key) && !rule.takes(kind)) {
      refuse(section.where(),
             fmt::format("{} is of {}s, which geometry does not name", key, kKindNames[static_cast<size_t>(kind)]));
    }
  };
  for (const char* key : {"width_m", "width_tag", "lane_m"}) only_for(key, OsmGeometry::kLine);
  only_for("radius_m", OsmGeometry::kPoint);
  if (rule.takes(OsmGeometry::kLine)) rule.width_m = section.number("width_m", kLeast_m, kMost_m);
  if (rule.takes(OsmGeometry::kPoint)) rule.radius_m = section.number("radius_m", kLeast_m, kMost_m);
  if (section.has("width_tag")) rule.width_tag = section.text("width_tag");
  if (section.has("lane_m")) rule.lane_m = section.number("lane_m", kLeast_m, 20);
  if (section.has("min_pixels")) rule.min_pixels = section.number("min_pixels", 0, 16);
  if (section.has("max_gsd_m")) rule.max_gsd_m = section.number("max_gsd_m", 0.01, 1e6);
  return rule;
}

bool holds(const TagConditions& alternatives, const OsmTags& tags) {
  return std::any_of(alternatives.begin(), alternatives.end(), [&](const std::vector<TagCondition>& all) {
    return std::all_of(all.begin(), all.end(), [&](const TagCondition& condition) {
      const auto tag = tags.find(condition.key);
      if (tag == tags.end()) return false;
      const auto& values = condition.values;
      return values.empty() || std::find(values.begin(), values.end(), tag->second) != values.end();
    });
  });
}

}  // namespace

double OsmRule::width_of(const OsmTags& tags, OsmGeometry kind) const {
  if (kind == OsmGeometry::kPoint) return 2 * radius_m;
  if (const auto tag = tags.find(width_tag); !width_tag.empty() && tag != tags.end()) {
    if (const auto metres = parse_length_m(tag->second)) return std::clamp(*metres, kLeast_m, kMost_m);
  }
  if (const auto tag = tags.find("lanes"); lane_m > 0 && tag != tags.end()) {
    // A plain number, as a length without a unit is written too.
    if (const auto lanes = parse_length_m(tag->second); lanes && *lanes <= 20)
      return std::clamp(*lanes * lane_m, kLeast_m, kMost_m);
  }
  return width_m;
}

std::optional<size_t> OsmRules::match(const OsmTags& tags, OsmGeometry kind) const {
  for (size_t i = 0; i < rules.size(); ++i) {
    const OsmRule& rule = rules[i];
    if (rule.takes(kind) && holds(rule.where, tags) && !holds(rule.unless, tags)) return i;
  }
  return std::nullopt;
}

OsmRules parse_osm_rules(const std::string& yaml, const std::string& origin) {
  try {
    const Section root(YAML::Load(yaml), origin, {"format_version", "classes", "rules"});
    const int64_t version = root.integer("format_version", 0, 1000000);
    if (version != kFormatVersion)
      refuse(origin, fmt::format("format_version is {}, this program reads {}", version, kFormatVersion));
    OsmRules rules;
    rules.classes = parse_classes(root.get("classes"), origin);
    const YAML::Node list = root.get("rules");
    if (!list.IsSequence() || list.size() == 0) refuse(origin, "rules must be a list of rules");
    for (size_t i = 0; i < list.size(); ++i) {
      rules.rules.push_back(parse_rule(list[i], origin, i, rules.classes));
      for (size_t earlier = 0; earlier < i; ++earlier) {
        if (rules.rules[earlier].name == rules.rules[i].name)
          refuse(origin, fmt::format("rules {} and {} are both named '{}'", earlier + 1, i + 1, rules.rules[i].name));
      }
    }
    return rules;
  } catch (const YAML::Exception& error) {
    refuse(origin, fmt::format("not YAML: {}", error.what()));
  }
}

OsmRules read_osm_rules(const std::filesystem::path& file) {
  return parse_osm_rules(read_text_file(file), file.string());
}

OsmRules default_osm_rules() {
  return parse_osm_rules(std::string(default_osm_rules_text()), "the program's own rules");
}

}  // namespace skysense
