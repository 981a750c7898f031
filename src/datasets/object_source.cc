#include "datasets/object_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "raster/vector_objects.h"

namespace skysense {
namespace {

/// Whether none of the objects is on the image although there are some: they speak of another place.
bool all_elsewhere(const ImageObjects& image, const TargetGrid& grid) {
  const UprightBox whole{0, 0, static_cast<double>(grid.width), static_cast<double>(grid.height)};
  return !image.objects.empty() && std::ranges::none_of(image.objects, [&](const NamedObject& object) {
    return !object.outline.empty() && intersection(bounds_of(object.outline), whole).area() > 0;
  });
}

ImageObjects read_vectors(const BoxFile& file, const LabelCoding& coding, const TargetGrid& grid,
                          std::vector<std::string>& problems) {
  const bool of_all = file.format == BoxFormat::kVectorsOfAll;
  ImageObjects image;
  if (coding.attribute.empty() && coding.names.size() != 1) {
    throw DataError(
        fmt::format("{}: {} classes, and nothing says which an object has: name the column that does with "
                    "--attribute (data.options.attribute)",
                    file.path, coding.names.size()));
  }
  const std::string only = coding.names.begin()->first;
  for (const VectorObject& object :
       read_vector_objects(file.path, grid, {.attribute = coding.attribute, .only_here = of_all})) {
    NamedObject named{.name = coding.attribute.empty() ? only : object.name,
                      .where = fmt::format("{}: feature {}", file.path, object.id)};
    for (const PixelPoint corner : object.outline) named.outline.push_back({corner.x, corner.y});
    if (named.outline.empty()) {
      problems.push_back(named.where + ": a geometry without an area has no box");
      continue;
    }
    image.objects.push_back(std::move(named));
  }
  if (!of_all && all_elsewhere(image, grid)) {
    problems.push_back(fmt::format(
        "{}: none of its {} objects lies on the image: its coordinate reference system is {}, the image's {}",
        file.path, image.objects.size(), vector_crs_name(file.path), grid.wkt.empty() ? "none" : crs_name(grid.wkt)));
    image.objects.clear();
  }
  if (of_all) {  // a box may touch the rim of the image
    std::erase_if(image.objects, [&](const NamedObject& object) {
      return !(area_inside(smallest_box(object.outline).corners(),
                           {0, 0, static_cast<double>(grid.width), static_cast<double>(grid.height)}) > 0);
    });
  }
  return image;
}

ImageObjects parse(const BoxFile& file, const LabelCoding& coding, const TargetGrid& grid,
                   std::vector<std::string>& problems) {
  switch (file.format) {
    case BoxFormat::kDota:
      return parse_dota(read_text_file(file.path), file.path);
    case BoxFormat::kVoc:
      return parse_voc(read_text_file(file.path), file.path);
    case BoxFormat::kFair1m:
      return parse_fair1m(read_text_file(file.path), file.path);
    case BoxFormat::kVectors:
    case BoxFormat::kVectorsOfAll:
      return read_vectors(file, coding, grid, problems);
    case BoxFormat::kListed:
      return file.listed;
  }
  return {};
}

}  // namespace

CheckedObjects read_objects(const BoxFile& file, const LabelCoding& coding, const ObjectReading& reading,
                            const TargetGrid& grid) {
  std::vector<std::string> problems;
  const ImageObjects image = parse(file, coding, grid, problems);
  if ((image.width > 0 && image.width != grid.width) || (image.height > 0 && image.height != grid.height)) {
    throw DataError(fmt::format("{}: its labels are of an image of {} x {} pixels, but the image has {} x {}",
                                file.path, image.width, image.height, grid.width, grid.height));
  }
  CheckedObjects checked = check_objects(image, coding.names, reading.kind, grid.width, grid.height);
  problems.insert(problems.end(), checked.problems.begin(), checked.problems.end());
  checked.problems = std::move(problems);
  if (reading.strict && !checked.problems.empty()) throw DataError(checked.problems.front());
  return checked;
}

}  // namespace skysense
