#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skysense {

/// One named setting of an options struct, bound to the member that holds it.
struct OptionField {
  using Target = std::variant<bool*, int64_t*, double*, std::string*, std::vector<int64_t>*, std::vector<double>*,
                              std::vector<std::string>*>;
  std::string key;  ///< dotted, e.g. "train.steps"
  Target target;
  std::string help;
  std::vector<std::string> choices;  ///< where not empty, the only values allowed
  double minimum = -1e300, maximum = 1e300;

  OptionField& between(double low, double high) {
    minimum = low;
    maximum = high;
    return *this;
  }
  OptionField& at_least(double low) { return between(low, maximum); }
  OptionField& one_of(std::vector<std::string> names) {
    choices = std::move(names);
    return *this;
  }
};

/// The one description of an options struct: it serves parsing, dumping, the schema and the help text. A struct has
///   void describe(OptionFields& fields) { fields("steps", steps, "optimiser steps").at_least(0); }
/// and a struct within it is described by fields.group("train", train).
class OptionFields {
 public:
  template <class T>
  OptionField& operator()(std::string_view name, T& member, std::string_view help) {
    fields_.push_back({prefix_ + std::string(name), &member, std::string(help), {}});
    return fields_.back();
  }

  template <class Options>
  void group(std::string_view name, Options& options) {
    const std::string outer = prefix_;
    prefix_ += std::string(name) + ".";
    options.describe(*this);
    prefix_ = outer;
  }

  const std::vector<OptionField>& all() const { return fields_; }

 private:
  std::string prefix_;
  std::vector<OptionField> fields_;
};

template <class Options>
OptionFields fields_of(Options& options) {
  OptionFields fields;
  options.describe(fields);
  return fields;
}

}  // namespace skysense
