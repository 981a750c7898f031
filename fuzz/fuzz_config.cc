#include "core/config.h"
#include "fuzz/config_example.h"
#include "fuzz/target.h"

/// Reads the input as a config file and as a --set; what was set must be dumped as YAML that reads back the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using skysense::apply_yaml, skysense::dump_yaml, skysense::fields_of;
  namespace fuzz = skysense::fuzz;
  const std::string text = fuzz::text_of(bytes, size);
  fuzz::ExampleOptions options;
  auto fields = fields_of(options);
  fuzz::refuses_or_reads([&] { apply_yaml(fields, text, "fuzz"); });
  fuzz::refuses_or_reads([&] { skysense::apply_assignment(fields, text); });
  const std::string dump = dump_yaml(fields);
  fuzz::ExampleOptions copy;
  auto copy_fields = fields_of(copy);
  apply_yaml(copy_fields, dump, "dump");  // outside: a refusal of our own dump is a finding
  if (dump_yaml(copy_fields) != dump) __builtin_trap();
  return 0;
}
