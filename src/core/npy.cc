#include "core/npy.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "core/error.h"

namespace skysense {
namespace {

constexpr size_t kPreambleBytes = 10, kMostDimensions = 8;

/// The header is the text of a Python dict with three keys; this reads as much of Python as NumPy writes there.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  [[noreturn]] void refuse(const std::string& what) const { throw DataError(fmt::format("{}: {}", origin_, what)); }

  bool take(char symbol) {
    skip_blanks();
    if (text_.empty() || text_.front() != symbol) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char symbol) {
    if (!take(symbol)) refuse(fmt::format("its NumPy header is damaged: '{}' expected", symbol));
  }
  std::string string() {
    skip_blanks();
    const char quote = text_.empty() ? 0 : text_.front();
    if (quote != '\'' && quote != '"') refuse("its NumPy header is damaged, or its elements are structured");
    text_.remove_prefix(1);
    const size_t end = text_.find(quote);
    if (end == std::string_view::npos) refuse("its NumPy header is damaged: a text without end");
    const std::string value(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return value;
  }
  bool boolean() {
    skip_blanks();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return value;
    }
    refuse("its NumPy header is damaged: True or False expected");
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> sides;
    expect('(');
    while (!take(')')) {
      skip_blanks();
      int64_t side = -1;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), side);
      if (error != std::errc() || side < 0) refuse("its NumPy header is damaged: sides of the array expected");
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      take('L');  // Python 2 wrote long integers so
      if (sides.size() == kMostDimensions) refuse(fmt::format("an array of more than {} dimensions", kMostDimensions));
      sides.push_back(side);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return sides;
  }

 private:
  void skip_blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) text_.remove_prefix(1);
  }
  std::string_view text_;
  const std::string& origin_;
};

/// "<i2", "|u1", "|b1".
void read_type(const std::string& type, NpyHeader& header, const HeaderText& text) {
  const bool right_form = type.size() == 3 && (type[0] == '<' || type[0] == '|') &&
                          std::string_view("iufb").find(type[1]) != std::string_view::npos &&
                          std::string_view("1248").find(type[2]) != std::string_view::npos;
  const bool exists = right_form && (type[1] != 'b' || type[2] == '1') && (type[1] != 'f' || type[2] >= '4') &&
                      (type[0] == '<' || type[2] == '1');
  if (!exists) {
    text.refuse(
        fmt::format("elements of type '{}': only little-endian integers, bool, float32 and float64 are read; "
                    "save it anew with numpy.save(array.astype('<f4'))",
                    type));
  }
  header.kind = type[1];
  header.item_bytes = type[2] - '0';
}

template <class Number>
double number_at(const std::byte* data) {
  Number value;
  std::memcpy(&value, data, sizeof value);
  return static_cast<double>(value);
}

}  // namespace

int64_t NpyHeader::elements() const {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return count;
}

NpyHeader parse_npy_header(std::span<const std::byte> beginning, const std::string& origin) {
  const std::string_view bytes(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < kPreambleBytes)
    throw DataError(origin + ": not a NumPy file (.npy)");
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[i])); };
  const bool long_length = byte(6) >= 2;
  size_t length = byte(8) | byte(9) << 8, begin = kPreambleBytes;
  if (long_length) {
    begin += 2;
    if (bytes.size() >= begin) length |= byte(10) << 16 | byte(11) << 24;
  }
  if (begin > bytes.size() || length > bytes.size() - begin)
    throw DataError(fmt::format("{}: its NumPy header is cut short, or longer than {} bytes", origin, kNpyHeaderBytes));

  NpyHeader header;
  HeaderText text(bytes.substr(begin, length), origin);
  std::optional<std::string> type;
  std::optional<bool> fortran;
  bool has_shape = false;
  text.expect('{');
  while (!text.take('}')) {
    const std::string key = text.string();
    text.expect(':');
    if (key == "descr") {
      type = text.string();
    } else if (key == "fortran_order") {
      fortran = text.boolean();
    } else if (key == "shape") {
      header.shape = text.tuple();
      has_shape = true;
    } else {
      text.refuse(fmt::format("its NumPy header has an unknown entry '{}'", key));
    }
    if (!text.take(',')) {
      text.expect('}');
      break;
    }
  }
  if (!type || !fortran || !has_shape) text.refuse("its NumPy header lacks descr, fortran_order or shape");
  if (*fortran) text.refuse("stored in Fortran order; save it anew with numpy.save(numpy.ascontiguousarray(array))");
  read_type(*type, header, text);
  header.data_offset = static_cast<int64_t>(begin + length);
  int64_t bytes_left = std::numeric_limits<int64_t>::max() - header.data_offset;
  bytes_left /= header.item_bytes;
  for (const int64_t side : header.shape) {
    if (side > 0) bytes_left /= side;
  }
  if (bytes_left == 0) text.refuse("an array of more bytes than any file has");
  return header;
}

double npy_element(const NpyHeader& header, const std::byte* data, int64_t number) {
  const std::byte* at = data + number * header.item_bytes;
  switch (header.kind) {
    case 'f':
      return header.item_bytes == 4 ? number_at<float>(at) : number_at<double>(at);
    case 'i':
      return header.item_bytes == 1   ? number_at<int8_t>(at)
             : header.item_bytes == 2 ? number_at<int16_t>(at)
             : header.item_bytes == 4 ? number_at<int32_t>(at)
                                      : number_at<int64_t>(at);
    default:
      return header.item_bytes == 1   ? number_at<uint8_t>(at)
             : header.item_bytes == 2 ? number_at<uint16_t>(at)
             : header.item_bytes == 4 ? number_at<uint32_t>(at)
                                      : number_at<uint64_t>(at);
  }
}

}  // namespace skysense
