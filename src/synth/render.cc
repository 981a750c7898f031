#include "synth/render.h"

#include "synth/misregistration.h"

namespace skysense::synth {
namespace {

constexpr int32_t kMsCalendar = 1, kSarCalendar = 2, kMonthlyCalendar = 3;
constexpr float kPresent = 0.05f;  // of the ground: what a multi-label class needs
constexpr int64_t kYear = 365;

RegionStyle style_for(const Site& site, const RenderOptions& options) {
  RegionStyle style = style_of(options.seed, site);
  style.snows = options.snow;
  return style;
}

/// The images of MS and SAR sensors as their products come.
class ProductMaker {
 public:
  /// `cells` of the site, or with misregistration of bordered(site).
  ProductMaker(const CellMixture& cells, const Site& site, const RegionStyle& style, const RenderOptions& options)
      : cells_(cells), site_(options.misregistration > 0 ? bordered(site) : site), style_(style), options_(options) {}

  /// The site with one more cell on each side.
  static Site bordered(Site site) {
    site.east_m -= 10;
    site.south_m -= 10;
    site.side_m += 20;
    return site;
  }

  MsImage ms(int day) const {
    MsImage image = render_ms(cells_, site_, style_, day);
    if (options_.misregistration > 0)
      image = misregistered(image, offset_of(style_, day, kMsCalendar, options_.misregistration));
    constexpr uint16_t kBaselineOffset = 1000;
    if (options_.ms_offset) {
      for (uint16_t& dn : image.dn) dn = static_cast<uint16_t>(dn + kBaselineOffset);
    }
    return image;
  }

  SarImage sar(int day) const {
    SarImage image = render_sar(cells_, site_, style_, day);
    if (options_.misregistration > 0)
      image = misregistered(image, offset_of(style_, day, kSarCalendar, options_.misregistration));
    if (options_.sar_linear) {
      for (float& value : image.backscatter) value = power_of(value);
    }
    return image;
  }

 private:
  const CellMixture& cells_;
  const Site site_;
  const RegionStyle& style_;
  const RenderOptions& options_;
};

/// The site's ground on a day, lit by the sun of the flight that `style` describes.
GroundRequest ground_on(float day, const Site& site, const RegionStyle& style, const RenderOptions& options) {
  return {.seed = options.seed,
          .site = site,
          .pixels_per_cell = options.hr_per_cell,
          .sun = style.sun,
          .streams = style.has_streams(),
          .day = day};
}

/// What the products of a misregistered sensor are made of: one cell more on each side.
CellMixture bordered_cells(GroundRequest request) {
  request.site = ProductMaker::bordered(request.site);
  return mix_cells(paint_ground(request));
}

}  // namespace

RenderedPlace render_place(const Site& site, const RenderOptions& options) {
  const RegionStyle style = style_for(site, options);
  GroundDetail detail;
  const GroundRequest request = ground_on(kReferenceDay, site, style, options);
  const GroundMap ground = paint_ground(request, options.details ? &detail : nullptr);
  CellMixture cells = mix_cells(ground);
  RenderedPlace place{.site = site,
                      .hr = {},
                      .ms = {},
                      .sar = {},
                      .cover = cover_by_cell(ground),
                      .crops = crops_by_cell(cells),
                      .covers_present = covers_present(ground, kPresent),
                      .hr_cover = {},
                      .objects = {},
                      .object_map = {},
                      .ways = {}};
  if (options.details) {
    place.objects = visible_objects(detail.objects, 1);
    place.object_map = std::move(detail.objects);
    place.ways = way_lines(detail.ways);
  }
  if (options.details || options.hr_cover) place.hr_cover = ground.cover;
  if (options.hr) place.hr = render_hr(ground, site, style);
  if (options.misregistration > 0 && options.ms_dates + options.sar_dates > 0) cells = bordered_cells(request);
  const ProductMaker products(cells, site, style, options);
  for (const int day : acquisition_days(style, options.ms_dates, kMsCalendar, options.missing_dates))
    place.ms.push_back(products.ms(day));
  for (const int day : acquisition_days(style, options.sar_dates, kSarCalendar, options.missing_dates))
    place.sar.push_back(products.sar(day));
  return place;
}

PlaceChange render_change(const Site& site, const RenderOptions& options) {
  const RegionStyle region = style_for(site, options);
  PlaceChange change;
  for (size_t flight = 0; flight < 2; ++flight) {
    const RegionStyle style = region.photographed_again(static_cast<int32_t>(flight));
    constexpr std::array<float, 2> kFirstDay = {0, 2 * kYear};  // 2023 and 2025
    change.day[flight] = kFirstDay[flight] + style.hr_day;
    GroundMap ground = paint_ground(ground_on(change.day[flight], site, style, options));
    change.hr[flight] = render_hr(ground, site, style);
    change.hr_cover[flight] = std::move(ground.cover);
  }
  for (size_t i = 0; i < change.hr_cover[0].size(); ++i)
    change.changed.push_back(change.hr_cover[0][i] != change.hr_cover[1][i]);
  return change;
}

std::vector<MonthlyImage> render_months(const Site& site, const RenderOptions& options, int64_t months) {
  const RegionStyle style = style_for(site, options);
  std::vector<MonthlyImage> images;
  for (int64_t month = 0; month < months; ++month) {
    constexpr float kMonth = 30.4f;
    const float wander = between(-8, 8, unit(lattice_hash(style.seed, static_cast<int32_t>(month), kMonthlyCalendar)));
    const float day = (static_cast<float>(month) + 0.5f) * kMonth + wander;
    const GroundRequest request = ground_on(day, site, style, options);
    const GroundMap ground = paint_ground(request);
    const CellMixture cells = options.misregistration > 0 ? bordered_cells(request) : mix_cells(ground);
    images.push_back({.day = day,
                      .ms = ProductMaker(cells, site, style, options).ms(static_cast<int>(day) + 1),
                      .cover = cover_by_cell(ground)});
  }
  return images;
}

}  // namespace skysense::synth
