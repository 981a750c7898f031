#include "core/xml.h"

#include <expat.h>
#include <fmt/format.h>

#include <limits>
#include <memory>

#include "core/error.h"

namespace skysense {
namespace {

constexpr size_t kDeepest = 64;

std::string trimmed(const std::string& text) {
  constexpr const char* kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks), end = text.find_last_not_of(kBlanks);
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

/// Builds the tree while expat reads. Exceptions must not pass through expat, so a refusal is kept and the parser
/// stopped.
class TreeBuilder {
 public:
  explicit TreeBuilder(XML_Parser parser) : parser_(parser) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser, [](void* self, const XML_Char* name, const XML_Char**) { static_cast<TreeBuilder*>(self)->open(name); },
        [](void* self, const XML_Char*) { static_cast<TreeBuilder*>(self)->close(); });
    XML_SetCharacterDataHandler(parser, [](void* self, const XML_Char* text, int length) {
      static_cast<TreeBuilder*>(self)->add_text({text, static_cast<size_t>(length)});
    });
    XML_SetEntityDeclHandler(parser, [](void* self, const XML_Char*, int, const XML_Char*, int, const XML_Char*,
                                        const XML_Char*, const XML_Char*, const XML_Char*) {
      static_cast<TreeBuilder*>(self)->refuse("entities may not be declared");
    });
  }

  const std::string& refusal() const { return refusal_; }
  XmlElement take_root() { return std::move(root_); }

 private:
  void open(const XML_Char* name) {
    if (path_.size() >= kDeepest) return refuse(fmt::format("elements nest deeper than {}", kDeepest));
    XmlElement element{.name = name, .text = {}, .line = line(), .children = {}};
    if (path_.empty()) {
      root_ = std::move(element);
      path_.push_back(&root_);
    } else {
      // Only the last child of an element is open, so that the addresses on the path stay good.
      path_.back()->children.push_back(std::move(element));
      path_.push_back(&path_.back()->children.back());
    }
  }
  void close() {
    if (!refusal_.empty()) return;
    path_.back()->text = trimmed(path_.back()->text);
    path_.pop_back();
  }
  void add_text(std::string_view text) {
    if (refusal_.empty() && !path_.empty()) path_.back()->text += text;
  }
  void refuse(const std::string& what) {
    if (refusal_.empty()) refusal_ = fmt::format("{}: {}", line(), what);
    XML_StopParser(parser_, XML_FALSE);
  }
  int64_t line() const { return static_cast<int64_t>(XML_GetCurrentLineNumber(parser_)); }

  XML_Parser parser_;
  XmlElement root_;
  std::vector<XmlElement*> path_;
  std::string refusal_;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  for (const XmlElement& element : children) {
    if (element.name == child_name) return &element;
  }
  return nullptr;
}

XmlElement parse_xml(std::string_view text, const std::string& origin) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int>::max()))
    throw DataError(origin + ": an XML document of more than 2 GiB");
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate(nullptr), &XML_ParserFree);
  if (!parser) throw std::bad_alloc();
  TreeBuilder builder(parser.get());
  const XML_Status status = XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
  if (!builder.refusal().empty()) throw DataError(fmt::format("{}:{}", origin, builder.refusal()));
  if (status != XML_STATUS_OK) {
    throw DataError(fmt::format("{}:{}: not XML: {}", origin, XML_GetCurrentLineNumber(parser.get()),
                                XML_ErrorString(XML_GetErrorCode(parser.get()))));
  }
  return builder.take_root();
}

}  // namespace skysense
