#pragma once

#include <string>
#include <string_view>

namespace skysense {

/// Text as it may stand in HTML, SVG and XML, also within a quoted attribute.
std::string escape_markup(std::string_view text);

/// Base64 with padding (RFC 4648), for data URIs.
std::string base64(std::string_view bytes);

}  // namespace skysense
