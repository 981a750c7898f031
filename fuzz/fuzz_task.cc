#include "fuzz/target.h"
#include "heads/task_description.h"

/// A description that is read must be usable and be written back as one that reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  return skysense::fuzz::refuses_or_reads([&] {
    const auto task = skysense::parse_task_description(skysense::fuzz::text_of(bytes, size), "fuzz");
    if (task.classes.empty() || task.modalities.empty() || task.logits() < 1) __builtin_trap();
    if (!task.colours.empty() && task.colours.size() != task.classes.size()) __builtin_trap();
    for (const skysense::Modality modality : task.modalities) {
      if (task.dates[modality] < 1 || !(task.pixels_per_output[modality] > 0)) __builtin_trap();
    }
    const std::string written = skysense::format_task_description(task);
    if (skysense::format_task_description(skysense::parse_task_description(written, "rewritten")) != written)
      __builtin_trap();
  });
}
