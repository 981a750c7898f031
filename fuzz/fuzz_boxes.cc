#include <cmath>
#include <map>

#include "core/xml.h"
#include "data/box_documents.h"
#include "data/coco_document.h"
#include "data/object_check.h"
#include "data/object_moves.h"
#include "fuzz/target.h"

namespace {

const std::map<std::string, int64_t> kClasses = {{"ship", 0}, {"plane", 1}, {"other", -1}};
constexpr int64_t kWidth = 100, kHeight = 80;

/// Whatever is said of an object, what is kept of it is a box with an area that the image shows, and so it is in a
/// window.
void use(const skysense::ImageObjects& image) {
  for (const auto kind : {skysense::BoxKind::kUpright, skysense::BoxKind::kOriented}) {
    const auto checked = skysense::check_objects(image, kClasses, kind, kWidth, kHeight);
    if (checked.labels.boxes.size() + checked.problems.size() > image.objects.size()) __builtin_trap();
    for (const auto& box : checked.labels.boxes) {
      const bool le90 = box.width >= box.height && box.angle >= -M_PI / 2 && box.angle < M_PI / 2;
      if (!box.finite() || !le90 || !(box.area() > 0)) __builtin_trap();
    }
    const auto shown = skysense::objects_in(checked.labels, {10, 10, 60, 50}, kWidth, kHeight, {});
    if (shown.size() > checked.labels.size()) __builtin_trap();
  }
}

void deep_enough(const skysense::XmlElement& element, int depth) {
  if (depth > 64 || element.line < 1) __builtin_trap();
  for (const auto& child : element.children) deep_enough(child, depth + 1);
}

}  // namespace

/// The documents of boxes: DOTA, PASCAL VOC, FAIR1M and COCO.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text = skysense::fuzz::text_of(bytes, size);
  skysense::fuzz::refuses_or_reads([&] { deep_enough(skysense::parse_xml(text, "fuzz"), 1); });
  skysense::fuzz::refuses_or_reads([&] { use(skysense::parse_dota(text, "fuzz")); });
  skysense::fuzz::refuses_or_reads([&] { use(skysense::parse_voc(text, "fuzz")); });
  skysense::fuzz::refuses_or_reads([&] { use(skysense::parse_fair1m(text, "fuzz")); });
  skysense::fuzz::refuses_or_reads([&] {
    for (const auto& image : skysense::parse_coco(text, "fuzz").images) use(image.objects);
  });
  return 0;
}
