#include "core/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace skysense {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaximumHeader = 100'000'000;  // the reference implementation's limit
constexpr size_t kMaximumRank = 16;

struct TypeRow {
  ElementType type;
  std::string_view name;
  int64_t bytes;
};
constexpr std::array<TypeRow, 11> kTypes = {{{ElementType::kF64, "F64", 8},
                                             {ElementType::kF32, "F32", 4},
                                             {ElementType::kF16, "F16", 2},
                                             {ElementType::kBF16, "BF16", 2},
                                             {ElementType::kI64, "I64", 8},
                                             {ElementType::kI32, "I32", 4},
                                             {ElementType::kI16, "I16", 2},
                                             {ElementType::kI8, "I8", 1},
                                             {ElementType::kU16, "U16", 2},
                                             {ElementType::kU8, "U8", 1},
                                             {ElementType::kBool, "BOOL", 1}}};

const TypeRow& row_of(ElementType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& row) { return row.type == type; });
}

[[noreturn]] void damaged(const std::string& origin, const std::string& why) {
  throw DataError(fmt::format("{}: damaged or no safetensors file: {}", origin, why));
}

/// JSON of a hostile header must not exhaust the stack: our headers nest three deep.
bool nests_too_deeply(std::string_view text) {
  int depth = 0;
  bool in_text = false, escaped = false;
  for (const char c : text) {
    if (in_text) {
      in_text = escaped || c != '"';
      escaped = !escaped && c == '\\';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > 8) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

struct Placed {
  TensorView view;
  uint64_t begin, end;
};

Placed parse_tensor(const std::string& name, const json& item, uint64_t data_bytes, const std::string& origin) {
  Placed placed{{.name = name, .type = ElementType::kF32, .shape = {}, .bytes = {}}, 0, 0};
  const std::string type = item.at("dtype").get<std::string>();
  const auto row = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& r) { return r.name == type; });
  if (row == kTypes.end()) damaged(origin, fmt::format("tensor '{}' has type '{}'", name, type));
  placed.view.type = row->type;
  const json& shape = item.at("shape");
  if (!shape.is_array() || shape.size() > kMaximumRank)
    damaged(origin, fmt::format("the shape of '{}' is no list", name));
  uint64_t elements = 1;
  for (const json& side : shape) {
    if (!side.is_number_unsigned()) damaged(origin, fmt::format("the shape of '{}' has a side that is no count", name));
    const uint64_t length = side.get<uint64_t>();
    if (length > static_cast<uint64_t>(INT64_MAX) || __builtin_mul_overflow(elements, length, &elements)) {
      damaged(origin, fmt::format("the shape of '{}' is too large", name));
    }
    placed.view.shape.push_back(static_cast<int64_t>(length));
  }
  const json& range = item.at("data_offsets");
  if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() || !range[1].is_number_unsigned()) {
    damaged(origin, fmt::format("the byte range of '{}' is no pair", name));
  }
  placed.begin = range[0].get<uint64_t>();
  placed.end = range[1].get<uint64_t>();
  uint64_t bytes = 0;
  if (placed.begin > placed.end || placed.end > data_bytes) {
    damaged(origin,
            fmt::format("tensor '{}' ends at byte {} of {}: the file is cut short", name, placed.end, data_bytes));
  }
  if (__builtin_mul_overflow(elements, static_cast<uint64_t>(row->bytes), &bytes) ||
      placed.end - placed.begin != bytes) {
    damaged(origin, fmt::format("the shape and the byte range of '{}' disagree", name));
  }
  return placed;
}

std::string header_text(const std::vector<TensorView>& tensors, const std::map<std::string, std::string>& metadata) {
  json header = json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    header[tensor.name] = {{"dtype", element_type_name(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data starts aligned
  return text;
}

std::string length_prefix(uint64_t length) {
  std::string prefix(kLengthBytes, '\0');
  for (uint64_t i = 0; i < kLengthBytes; ++i) prefix[i] = static_cast<char>(length >> (8 * i));
  return prefix;
}

}  // namespace

int64_t element_bytes(ElementType type) { return row_of(type).bytes; }
std::string_view element_type_name(ElementType type) { return row_of(type).name; }

SafetensorsHeader parse_safetensors(std::span<const std::byte> file, const std::string& origin) {
  if (file.size() < kLengthBytes) damaged(origin, fmt::format("it has {} bytes", file.size()));
  uint64_t length = 0;
  for (uint64_t i = 0; i < kLengthBytes; ++i) length |= static_cast<uint64_t>(file[i]) << (8 * i);
  if (length > kMaximumHeader || length > file.size() - kLengthBytes) {
    damaged(origin, fmt::format("its header claims {} bytes of {}", length, file.size()));
  }
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (nests_too_deeply(text)) damaged(origin, "its header nests too deeply");
  const auto data = file.subspan(kLengthBytes + length);

  SafetensorsHeader header;
  std::vector<Placed> placed;
  try {
    const json root = json::parse(text);
    if (!root.is_object()) damaged(origin, "its header is no JSON object");
    for (const auto& [name, item] : root.items()) {
      if (name == "__metadata__") {
        header.metadata = item.get<std::map<std::string, std::string>>();
      } else {
        placed.push_back(parse_tensor(name, item, data.size(), origin));
      }
    }
  } catch (const json::exception& error) {
    damaged(origin, error.what());
  }
  std::sort(placed.begin(), placed.end(),
            [](const Placed& a, const Placed& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  uint64_t expected = 0;
  for (Placed& item : placed) {
    if (item.begin != expected)
      damaged(origin, fmt::format("the bytes of '{}' overlap or leave a gap", item.view.name));
    expected = item.end;
    item.view.bytes = data.subspan(item.begin, item.end - item.begin);
    header.tensors.push_back(std::move(item.view));
  }
  if (expected != data.size()) damaged(origin, fmt::format("{} bytes belong to no tensor", data.size() - expected));
  return header;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file) : path_(file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw DataError(fmt::format("{}: cannot be opened: {}", file.string(), std::strerror(errno)));
  struct stat info {};
  ::fstat(fd, &info);
  const size_t size = static_cast<size_t>(info.st_size);
  void* memory = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (memory == MAP_FAILED) damaged(file.string(), "it is empty or cannot be mapped");
  mapping_ = {static_cast<const std::byte*>(memory),
              [size](const std::byte* p) { ::munmap(const_cast<std::byte*>(p), size); }};
  header_ = parse_safetensors({mapping_.get(), size}, file.string());
  for (size_t i = 0; i < header_.tensors.size(); ++i) by_name_[header_.tensors[i].name] = i;
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &header_.tensors[found->second];
}

std::string serialise_safetensors(const std::vector<TensorView>& tensors,
                                  const std::map<std::string, std::string>& metadata) {
  const std::string header = header_text(tensors, metadata);
  std::string bytes = length_prefix(header.size()) + header;
  for (const TensorView& tensor : tensors) {
    bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  }
  return bytes;
}

void write_safetensors(const std::filesystem::path& file, const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::string header = header_text(tensors, metadata);
  const std::string start = length_prefix(header.size()) + header;
  std::vector<std::string_view> pieces = {start};
  for (const TensorView& tensor : tensors) {
    pieces.emplace_back(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  }
  write_file_atomically(file, pieces);
}

}  // namespace skysense
