#include "core/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/error.h"
#include "core/files.h"

namespace skysense {
namespace {

constexpr int kMaximumDepth = 16;  // deeper documents are not configs but attacks on the recursion

std::string type_name(const OptionField::Target& target) {
  constexpr const char* names[] = {"true or false",      "an integer",        "a number",       "text",
                                   "a list of integers", "a list of numbers", "a list of texts"};
  return names[target.index()];
}

template <class T>
void check_limits(const OptionField& field, T value, const std::string& origin) {
  if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    const double number = static_cast<double>(value);
    if (!(number >= field.minimum && number <= field.maximum)) {
      throw UsageError(fmt::format("{}: {} is {}, which is not within [{}, {}]", origin, field.key, value,
                                   field.minimum, field.maximum));
    }
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!field.choices.empty() && std::find(field.choices.begin(), field.choices.end(), value) == field.choices.end()) {
      throw UsageError(
          fmt::format("{}: {} is '{}'; it is one of {}", origin, field.key, value, fmt::join(field.choices, ", ")));
    }
  }
}

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

void assign(const OptionField& field, const YAML::Node& node, const std::string& origin) {
  std::visit(
      [&](auto* target) {
        using T = std::remove_pointer_t<decltype(target)>;
        try {
          T value{};
          if constexpr (IsVector<T>::value) {
            if (!node.IsSequence()) throw YAML::Exception(node.Mark(), "not a list");
            for (const auto& item : node) {
              value.push_back(item.as<typename T::value_type>());
              check_limits(field, value.back(), origin);
            }
          } else {
            if (!node.IsScalar()) throw YAML::Exception(node.Mark(), "not one value");
            value = node.as<T>();
            check_limits(field, value, origin);
          }
          *target = std::move(value);
        } catch (const YAML::Exception&) {
          throw UsageError(fmt::format("{}: {} must be {}", origin, field.key, type_name(field.target)));
        }
      },
      field.target);
}

const OptionField& find_field(const OptionFields& fields, const std::string& key, const std::string& origin) {
  std::vector<std::string> keys;
  for (const auto& field : fields.all()) {
    if (field.key == key) return field;
    keys.push_back(field.key);
  }
  throw UsageError(fmt::format("{}: unknown key '{}'; did you mean '{}'?", origin, key, nearest_word(key, keys)));
}

bool is_group(const OptionFields& fields, const std::string& key) {
  return std::any_of(fields.all().begin(), fields.all().end(),
                     [&](const OptionField& field) { return field.key.starts_with(key + "."); });
}

void apply_node(const OptionFields& fields, const YAML::Node& node, const std::string& prefix,
                const std::string& origin, int depth) {
  if (depth > kMaximumDepth) throw UsageError(origin + ": nested too deeply to be a config");
  for (const auto& item : node) {
    if (!item.first.IsScalar()) throw UsageError(origin + ": a key is not plain text");
    const std::string key = prefix + item.first.Scalar();
    if (item.second.IsMap() && is_group(fields, key)) {
      apply_node(fields, item.second, key + ".", origin, depth + 1);
    } else {
      assign(find_field(fields, key, origin), item.second, origin);
    }
  }
}

YAML::Node parse(const std::string& yaml, const std::string& origin) {
  try {
    return YAML::Load(yaml);
  } catch (const YAML::Exception& error) {
    throw UsageError(fmt::format("{}: not YAML: {}", origin, error.what()));
  }
}

std::string number_text(double value) {
  std::string text = fmt::format("{}", value);  // the shortest text that reads back the same
  return text;
}

std::string value_text(const OptionField& field) {
  return std::visit(
      [](const auto* target) -> std::string {
        using T = std::remove_const_t<std::remove_pointer_t<decltype(target)>>;
        const auto scalar = [](const auto& value) -> std::string {
          using S = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<S, std::string>) {
            YAML::Emitter emitter;
            emitter << YAML::DoubleQuoted << value;
            return emitter.c_str();
          } else if constexpr (std::is_same_v<S, double>) {
            return number_text(value);
          } else {
            return fmt::format("{}", value);
          }
        };
        if constexpr (IsVector<T>::value) {
          std::vector<std::string> items;
          for (const auto& item : *target) items.push_back(scalar(item));
          return fmt::format("[{}]", fmt::join(items, ", "));
        } else {
          return scalar(*target);
        }
      },
      field.target);
}

}  // namespace

std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates) {
  const auto distance = [](const std::string& a, const std::string& b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (size_t i = 1; i <= a.size(); ++i) {
      size_t diagonal = row[0]++;
      for (size_t j = 1; j <= b.size(); ++j) {
        const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
        diagonal = row[j];
        row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
      }
    }
    return row[b.size()];
  };
  const auto best = std::min_element(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
    return distance(word, a) < distance(word, b);
  });
  return best == candidates.end() ? std::string() : *best;
}

void apply_yaml(OptionFields& fields, const std::string& yaml, const std::string& origin) {
  const YAML::Node root = parse(yaml, origin);
  if (root.IsNull()) return;
  if (!root.IsMap()) throw UsageError(origin + ": a config is a map of keys to values");
  apply_node(fields, root, "", origin, 0);
}

bool apply_yaml_group(OptionFields& fields, const std::string& yaml, const std::string& group,
                      const std::string& origin) {
  const YAML::Node root = parse(yaml, origin);
  if (!root.IsMap()) throw UsageError(origin + ": a config is a map of keys to values");
  const YAML::Node node = root[group];
  if (!node.IsDefined() || node.IsNull()) return false;
  if (!node.IsMap()) throw UsageError(fmt::format("{}: {} is not a map of keys to values", origin, group));
  apply_node(fields, node, "", fmt::format("{}: {}", origin, group), 1);
  return true;
}

void apply_yaml_file(OptionFields& fields, const std::filesystem::path& file) {
  apply_yaml(fields, read_text_file(file), file.string());
}

void apply_assignment(OptionFields& fields, const std::string& assignment, const std::string& option) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos) throw UsageError(fmt::format("{} {}: expected KEY=VALUE", option, assignment));
  const std::string origin = option + " " + assignment;
  const YAML::Node value = parse(assignment.substr(equals + 1), origin);
  assign(find_field(fields, assignment.substr(0, equals), origin), value, origin);
}

std::string dump_yaml(const OptionFields& fields) {
  std::string text;
  std::vector<std::string> open;  // the groups that the lines above stand in
  for (const auto& field : fields.all()) {
    std::vector<std::string> parts;
    for (size_t start = 0, dot; start <= field.key.size(); start = dot + 1) {
      dot = std::min(field.key.find('.', start), field.key.size());
      parts.push_back(field.key.substr(start, dot - start));
    }
    size_t shared = 0;
    while (shared < open.size() && shared + 1 < parts.size() && open[shared] == parts[shared]) ++shared;
    open.resize(shared);
    for (; open.size() + 1 < parts.size(); open.push_back(parts[open.size()])) {
      text += std::string(2 * open.size(), ' ') + parts[open.size()] + ":\n";
    }
    text += fmt::format("{}{}: {}\n", std::string(2 * open.size(), ' '), parts.back(), value_text(field));
  }
  return text;
}

std::string describe_options(const OptionFields& fields) {
  std::string text;
  for (const auto& field : fields.all()) {
    std::string kind =
        field.choices.empty() ? type_name(field.target) : fmt::format("{}", fmt::join(field.choices, "|"));
    text += fmt::format("  {:<34} {} ({}; default {})\n", field.key, field.help, kind, value_text(field));
  }
  return text;
}

}  // namespace skysense
