#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skysense {

/// Element types of the safetensors format that tensors of ours use.
enum class ElementType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU16, kU8, kBool };
int64_t element_bytes(ElementType type);
/// "F32", "BF16", …: the format's spelling.
std::string_view element_type_name(ElementType type);

/// One tensor of a file: row-major, little-endian, contiguous.
struct TensorView {
  std::string name;
  ElementType type = ElementType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// The parsed header. `metadata` is the file's "__metadata__" map of text to text.
struct SafetensorsHeader {
  std::vector<TensorView> tensors;  ///< in the order of their bytes
  std::map<std::string, std::string> metadata;
};

/// Parses a whole file's bytes; the views point into `file`. Checks everything that the format promises: header length,
/// known types, shapes that agree with their byte ranges, ranges that lie within the file and leave no gap or overlap.
/// Throws DataError that starts with `origin`.
/// Format: 8 bytes little-endian header length, JSON header, data (huggingface/safetensors README).
SafetensorsHeader parse_safetensors(std::span<const std::byte> file, const std::string& origin);

/// A file mapped into memory; its views live as long as it does.
class SafetensorsFile {
 public:
  /// Throws DataError where the file cannot be opened or is damaged, naming it.
  explicit SafetensorsFile(const std::filesystem::path& file);
  const std::vector<TensorView>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  /// Null where there is no such tensor.
  const TensorView* find(std::string_view name) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::shared_ptr<const std::byte> mapping_;
  SafetensorsHeader header_;
  std::map<std::string_view, size_t> by_name_;
};

/// Writes the tensors in the given order; the file appears whole or not at all. Throws DataError (full disk, …).
void write_safetensors(const std::filesystem::path& file, const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata = {});
/// The file's bytes, for members of shards and tests.
std::string serialise_safetensors(const std::vector<TensorView>& tensors,
                                  const std::map<std::string, std::string>& metadata = {});

}  // namespace skysense
