#include <span>

#include "core/safetensors.h"
#include "fuzz/target.h"

/// What the parser accepts must lie within the file, agree with its types, and survive a rewrite.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using skysense::TensorView;
  return skysense::fuzz::refuses_or_reads([&] {
    const auto header = skysense::parse_safetensors(std::as_bytes(std::span(bytes, size)), "fuzz");
    size_t total = 0;
    for (const TensorView& tensor : header.tensors) {
      int64_t elements = 1;
      for (const int64_t side : tensor.shape) elements *= side;
      if (tensor.bytes.size() != static_cast<size_t>(elements * skysense::element_bytes(tensor.type))) __builtin_trap();
      for (const std::byte byte : tensor.bytes) total += static_cast<size_t>(byte);  // every byte is readable
    }
    const std::string copy = skysense::serialise_safetensors(header.tensors, header.metadata);
    const auto again = skysense::parse_safetensors(std::as_bytes(std::span(copy.data(), copy.size())), "rewritten");
    if (again.tensors.size() != header.tensors.size() || again.metadata != header.metadata) __builtin_trap();
    if (total == SIZE_MAX) __builtin_trap();  // keeps the reads above
  });
}
