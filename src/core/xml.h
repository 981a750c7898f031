#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skysense {

/// An element of an XML document; attributes are not kept.
struct XmlElement {
  std::string name;
  std::string text;  ///< directly within, without blanks around it
  int64_t line = 0;  ///< of its opening tag, from 1
  std::vector<XmlElement> children;

  /// The first child of that name, or null.
  const XmlElement* child(std::string_view child_name) const;
};

/// The root of a document (expat, which knows its encodings). Throws DataError "<origin>:<line>: …" for text that is
/// not well-formed, declares entities or nests deeper than 64 elements.
XmlElement parse_xml(std::string_view text, const std::string& origin);

}  // namespace skysense
