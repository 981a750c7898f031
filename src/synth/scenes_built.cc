#include "synth/scene.h"
#include "synth/streets.h"
#include "synth/vegetation.h"

namespace skysense::synth {
namespace {

constexpr Material kRoofs[] = {Material::kRedRoof,    Material::kDarkRoof, Material::kConcrete,
                               Material::kBrightRoof, Material::kGravel,   Material::kDarkRoof};

/// A town's roofs are mostly of two kinds.
Material roof_of(const Scene& scene, uint32_t building) {
  const float taste = unit(building, 31) < 0.75f ? scene.draw(90) : unit(building, 32);
  return kRoofs[static_cast<size_t>(taste * 6)];
}

/// A playing field in the middle of its plot, in metres from there.
struct Pitch {
  uint32_t id;
  float u, v, half_u, half_v;
  Direction axis;
};

/// Mown in stripes within white lines, with goals' areas and a centre circle; meadow around.
Ground paint_pitch(const Pitch& pitch) {
  const float side_u = absolute(pitch.u), side_v = absolute(pitch.v);
  if (side_u > pitch.half_u || side_v > pitch.half_v) return {Material::kMeadow, 0, 0.95f};
  const float from_end = pitch.half_u - side_u, from_side = pitch.half_v - side_v;
  const float round = pitch.u * pitch.u + pitch.v * pitch.v;
  const bool edge = from_end < 0.5f || from_side < 0.5f;
  const bool area = (from_end < 13 && absolute(side_v - 0.5f * pitch.half_v) < 0.3f) ||
                    (side_v < 0.5f * pitch.half_v && absolute(from_end - 13) < 0.3f);
  const bool circle = side_u < 0.3f || (round > 72 && round < 85);
  const Ground ground = edge || area || circle
                            ? Ground{Material::kPaint, 0, 0.9f}
                            : Ground{Material::kGrass, 0, distance_to_multiple(pitch.u, 14) < 3.5f ? 1.1f : 0.92f};
  return ground.of(ObjectClass::kSportsField, pitch.id, pitch.axis);
}

}  // namespace

/// A grid of streets; closed blocks of tall buildings around courtyards, a square or a park now and then.
Ground paint_dense_urban(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const float pu = between(72, 115, scene.draw(1)) * scene.scale, pv = between(58, 90, scene.draw(2)) * scene.scale;
  const float half_u = between(5, 8, scene.draw(3)), half_v = between(5.5f, 9, scene.draw(4));
  const Grid g = grid_at(scene.seed + 1, p, pu, pv);
  if (absolute(g.to_u) < half_u && absolute(g.to_v) < half_v) return {Material::kAsphalt, 0, 0.95f};
  if (absolute(g.to_u) < half_u) return paint_street(scene, g.street_along_v(p.v, half_u, half_v, true));
  if (absolute(g.to_v) < half_v) return paint_street(scene, g.street_along_u(p.u, half_u, half_v, true));

  const float use = unit(g.block, 1);
  if (use < 0.04f) {  // a pitch
    const float u = g.in_u - pu / 2, v = g.in_v - pv / 2;
    return paint_pitch(
        {.id = g.block, .u = u, .v = v, .half_u = 0.36f * pu, .half_v = 0.33f * pv, .axis = scene.along});
  }
  if (use < 0.08f) {  // a park
    const Crown tree = crown_at({.seed = scene.seed + 2, .spacing = 9, .height = 9, .share = 0.5f}, x, y);
    if (tree.hit) return {Material::kBroadleaf, tree.height, 0.9f};
    return {Material::kMeadow, 0, 1};
  }
  // Metres from the block's edges; the closed perimeter is `depth` deep and split into houses.
  const float edge_u = (g.in_u < pu - g.in_u ? g.in_u : pu - g.in_u) - half_u;
  const float edge_v = (g.in_v < pv - g.in_v ? g.in_v : pv - g.in_v) - half_v;
  const float edge = edge_u < edge_v ? edge_u : edge_v;
  const float depth = between(11, 17, unit(g.block, 2));
  const bool whole = use > 0.82f;
  if (edge > depth && !whole) {  // the courtyard
    if (unit(g.block, 3) < 0.5f) {
      const Crown tree = crown_at({.seed = scene.seed + 3, .spacing = 8, .height = 7, .share = 0.4f}, x, y);
      if (tree.hit) return {Material::kBroadleaf, tree.height, 0.85f};
      return {Material::kGrass, 0, 0.9f};
    }
    return {Material::kConcrete, 0, 0.7f};
  }
  const bool faces_v = edge_v < edge_u;
  const int32_t house_number = floor_int((faces_v ? g.in_u : g.in_v) / between(14, 24, unit(g.block, 4)));
  const int32_t side = faces_v ? (g.in_v < pv / 2 ? 1 : 2) : (g.in_u < pu / 2 ? 3 : 4);
  const uint32_t house = whole ? g.block : lattice_hash(g.block, house_number, side);
  if (unit(house, 5) < 0.06f || !scene.has_come(house, 0.08f)) return {Material::kConcrete, 0, 0.75f};  // a gap
  float height = between(9, 24, unit(house, 6));
  float tint = between(0.65f, 1.3f, unit(house, 7));
  // Lift shafts and ducts on flat roofs; ridges on tiled ones.
  const float fixture = value_noise(house, p.u * 0.22f, p.v * 0.22f);
  const Material roof = roof_of(scene, house);
  if (!whole && (roof == Material::kRedRoof || roof == Material::kDarkRoof)) {
    height += 3 * (1 - absolute(edge - depth / 2) / (depth / 2));
  } else if (fixture > 0.74f) {
    height += 2.5f;
    tint *= 1.2f;
  }
  return Ground{roof, height, tint}.of(ObjectClass::kBuilding, house, scene.along);
}

/// Winding streets with single houses in gardens.
Ground paint_residential(const Scene& scene, float x, float y) {
  const float warp_u = 70 * (value_noise(scene.seed + 1, x * 0.004f, y * 0.004f) - 0.5f);
  const float warp_v = 70 * (value_noise(scene.seed + 2, x * 0.004f, y * 0.004f) - 0.5f);
  const Local q = local_axes(scene, x, y);
  const Local p{q.u + warp_u, q.v + warp_v};
  const float pu = between(130, 210, scene.draw(1)), pv = between(58, 74, scene.draw(2));
  const Grid g = grid_at(scene.seed + 3, p, pu, pv);
  constexpr float kHalf = 4.2f;
  if (absolute(g.to_v) < kHalf) return paint_street(scene, g.street_along_u(p.u, kHalf, kHalf, false));
  if (absolute(g.to_u) < kHalf) return paint_street(scene, g.street_along_v(p.v, kHalf, kHalf, false));
  const float open = unit(g.block, 1);
  if (open < 0.03f)
    return paint_pitch(
        {.id = g.block, .u = g.in_u - pu / 2, .v = g.in_v - pv / 2, .half_u = 50, .half_v = 24, .axis = {0, 0}});
  if (open < 0.08f) return paint_backdrop(scene, x, y);

  const float lot_width = between(18, 30, scene.draw(4));
  const int32_t lot_number = floor_int(g.in_u / lot_width);
  const bool upper = g.in_v < pv / 2;
  const uint32_t lot = lattice_hash(g.block, lot_number, upper ? 1 : 2);
  const float lot_u = g.in_u - static_cast<float>(lot_number) * lot_width - lot_width / 2;  // from the lot's middle
  const float lot_v = upper ? g.in_v : pv - g.in_v;                                         // from the street's middle
  const float half_u = between(4.2f, 6.6f, unit(lot, 1)), half_v = between(3.8f, 5.2f, unit(lot, 2));
  const float house_u = lot_u - between(-2, 2, unit(lot, 3)), house_v = lot_v - between(12.5f, 16, unit(lot, 4));
  if (!scene.has_come(lot, 0.15f))
    return {Material::kSoil, 0, 0.9f + 0.2f * value_noise(lot, p.u * 0.2f, p.v * 0.2f)};  // a building site
  if (absolute(house_u) < half_u && absolute(house_v) < half_v && unit(lot, 5) < 0.93f) {
    const bool along = unit(lot, 6) < 0.6f;
    const float slope = along ? absolute(house_v) / half_v : absolute(house_u) / half_u;
    // The winding of the streets turns each house its own way.
    return Ground{roof_of(scene, lot), 4 + 3.5f * (1 - slope), between(0.7f, 1.25f, unit(lot, 7))}.of(
        ObjectClass::kBuilding, lot, {0, 0});
  }
  if (absolute(lot_u - (half_u + 1.5f)) < 1.5f && lot_v < 13) return {Material::kConcrete, 0, 0.85f};  // the drive
  const float pool_u = lot_u + 4, pool_v = lot_v - 25;
  if (unit(lot, 8) < 0.14f && pool_u * pool_u < 10 && pool_v * pool_v < 5) {
    return Ground{Material::kDeepWater, -0.5f, 2.6f}.of(ObjectClass::kSwimmingPool, lattice_hash(lot, 8, 8), {0, 0});
  }
  if (absolute(lot_u) > lot_width / 2 - 0.8f && unit(lot, 9) < 0.5f && lot_v > 9) return {Material::kShrub, 1.2f, 0.9f};
  const Crown tree = crown_at({.seed = scene.seed + 5,
                               .spacing = 11,
                               .jitter = 0.4f,
                               .min_radius = 0.16f,
                               .max_radius = 0.4f,
                               .height = 8,
                               .share = between(0.2f, 0.65f, scene.draw(6))},
                              x, y);
  if (tree.hit) return {Material::kBroadleaf, tree.height, 0.8f + 0.3f * unit(tree.tree, 7)};
  constexpr Material kGardens[] = {Material::kMeadow, Material::kGrass, Material::kGrass, Material::kSoil};
  return {kGardens[static_cast<size_t>(unit(lot, 10) * 4)], 0, between(0.8f, 1.15f, unit(lot, 11))};
}

/// Large halls, yards with rows of parked vehicles, tank farms.
Ground paint_industrial(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const float pu = between(150, 220, scene.draw(1)) * scene.scale, pv = between(105, 150, scene.draw(2)) * scene.scale;
  const Grid g = grid_at(scene.seed + 1, p, pu, pv);
  constexpr float kHalf = 7;
  if (absolute(g.to_v) < kHalf) return paint_street(scene, g.street_along_u(p.u, kHalf, kHalf, true));
  if (absolute(g.to_u) < kHalf) return paint_street(scene, g.street_along_v(p.v, kHalf, kHalf, true));
  const float u = g.in_u - pu / 2, v = g.in_v - pv / 2;  // from the middle of the plot
  const float plot_u = pu / 2 - kHalf, plot_v = pv / 2 - kHalf;
  const float use = unit(g.block, 1);
  if (use < 0.18f) {  // tanks
    const float spacing = between(26, 40, unit(g.block, 2));
    const int32_t column = floor_int(u / spacing), row = floor_int(v / spacing);
    const float middle_u = (static_cast<float>(column) + 0.5f) * spacing,
                middle_v = (static_cast<float>(row) + 0.5f) * spacing;
    const float du = u - middle_u, dv = v - middle_v, radius = spacing * between(0.3f, 0.42f, unit(g.block, 3));
    if (du * du + dv * dv < radius * radius && absolute(middle_u) + radius < plot_u &&
        absolute(middle_v) + radius < plot_v) {
      const uint32_t tank = lattice_hash(g.block, 100 + column, row);
      return Ground{unit(g.block, 4) < 0.6f ? Material::kPaint : Material::kMetal, 10, 0.9f}.of(
          ObjectClass::kStorageTank, tank, scene.along);
    }
    return {Material::kGravel, 0, 0.9f};
  }
  if (use < 0.28f) return paint_backdrop(scene, x, y);
  if (!scene.has_come(g.block, 0.2f))
    return {Material::kDarkSoil, 0, 0.9f + 0.3f * value_noise(g.block, p.u * 0.1f, p.v * 0.1f)};
  const float half_u = pu * between(0.22f, 0.36f, unit(g.block, 5)),
              half_v = pv * between(0.2f, 0.33f, unit(g.block, 6));
  const float hall_u = u - pu * between(-0.1f, 0.1f, unit(g.block, 7)),
              hall_v = v - pv * between(-0.08f, 0.08f, unit(g.block, 8));
  const bool notch = hall_u > half_u * 0.3f && hall_v > half_v * 0.2f && unit(g.block, 9) < 0.5f;
  if (absolute(hall_u) < half_u && absolute(hall_v) < half_v && !notch) {
    const Material roof = kRoofs[static_cast<size_t>(unit(g.block, 10) * 6)];
    const bool skylight = distance_to_multiple(hall_u, 14) < 1 && absolute(hall_v) < half_v - 4;
    const bool shed = unit(g.block, 11) < 0.35f;  // a saw-tooth roof
    return Ground{skylight ? Material::kBrightRoof : roof, 9 + (shed ? 0.25f * distance_to_multiple(hall_v, 14) : 0),
                  between(0.75f, 1.2f, unit(g.block, 12))}
        .of(ObjectClass::kBuilding, g.block, scene.along);
  }
  // Bays of parked cars or lorries on the yard, back to back.
  const bool lorries = unit(g.block, 15) < 0.3f;
  const float pitch = lorries ? 34 : 17, stall_width = lorries ? 4.1f : 2.9f, depth = lorries ? 13.5f : 5;
  const int32_t line = floor_int(v / pitch + 0.5f), stall = floor_int(u / stall_width);
  const float bay = v - static_cast<float>(line) * pitch, in_stall = u / stall_width - static_cast<float>(stall);
  const float middle_u = (static_cast<float>(stall) + 0.5f) * stall_width,
              middle_v = static_cast<float>(line) * pitch + (bay < 0 ? -depth : depth) / 2;
  const bool on_plot = absolute(middle_u) + stall_width / 2 < plot_u && absolute(middle_v) + depth / 2 < plot_v;
  const bool in_hall = absolute(middle_u + hall_u - u) < half_u + stall_width / 2 &&
                       absolute(middle_v + hall_v - v) < half_v + depth / 2;
  const uint32_t vehicle = lattice_hash(scene.passing(g.block + 5), stall, 2 * line + (bay < 0 ? 1 : 0));
  if (unit(g.block, 13) < 0.7f && on_plot && !in_hall && absolute(bay) < depth && absolute(bay) > 0.6f &&
      in_stall > 0.15f && in_stall < 0.8f && unit(vehicle) < 0.55f) {
    return Ground{unit(vehicle, 1) < 0.5f ? Material::kPaint : Material::kMetal, lorries ? 3.5f : 1.5f,
                  between(0.4f, 1.1f, unit(vehicle, 2))}
        .of(lorries ? ObjectClass::kLargeVehicle : ObjectClass::kSmallVehicle, vehicle, scene.along);
  }
  return {unit(g.block, 14) < 0.6f ? Material::kAsphalt : Material::kConcrete, 0,
          0.85f + 0.2f * value_noise(scene.seed + 6, x * 0.04f, y * 0.04f)};
}

/// A straight quay with piers and moored ships on one side, stacks and halls on the other.
Ground paint_harbour(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const float out = p.v + between(-110, 110, scene.draw(1));  // metres seawards of the quay wall
  const float spacing = between(95, 150, scene.draw(2));
  const int32_t pier = floor_int(p.u / spacing + 0.5f);
  const float from_pier = p.u - static_cast<float>(pier) * spacing;
  const uint32_t hash = lattice_hash(scene.seed + 1, pier, 0);
  const float pier_length = between(90, 230, unit(hash, 1)), pier_half = between(8, 17, unit(hash, 2));
  const bool on_pier = absolute(from_pier) < pier_half && out > 0 && out < pier_length;
  const bool marina = scene.draw(3) < 0.4f;
  if (out > 0 && !on_pier) {
    // Ships alongside the pier: a hull with a pointed bow and a superstructure.
    const float berth = absolute(from_pier) - pier_half;
    const int32_t side = from_pier > 0 ? 1 : 2;
    const float beam = marina ? 2.2f : between(6, 10, unit(hash, 3)), length = marina ? 9.0f : pier_length * 0.8f;
    const float along = marina ? out - 12 * static_cast<float>(floor_int(out / 12)) : out - 12;
    const int32_t ship = marina ? floor_int(out / 12) : 0;
    const uint32_t hull = lattice_hash(scene.passing(hash), ship, side);
    const float abeam = marina ? berth - 6 : berth - beam - 1.5f;
    const float long_axis = marina ? abeam + 4.5f : along, cross_axis = marina ? along - 6 : abeam;
    const float taper = clamp01((length - long_axis) / (beam * 1.8f));
    if (out < pier_length && unit(hull, 4) < 0.6f && long_axis > 0 && long_axis < length &&
        absolute(cross_axis) < beam * (0.25f + 0.75f * taper)) {
      const bool hatch = distance_to_multiple(long_axis, 14) > 2 && absolute(cross_axis) < beam * 0.7f;
      const Ground deck{marina  ? Material::kPaint
                        : hatch ? Material::kRedRoof
                                : Material::kMetal,
                        6, between(0.6f, 1.2f, unit(hull, 5))};
      const bool bridge = long_axis < length * 0.2f && !marina;
      return (bridge ? Ground{Material::kPaint, 16, 0.9f} : deck)
          .of(marina ? ObjectClass::kBoat : ObjectClass::kShip, hull, scene.along);
    }
    const float breakwater = absolute(out - 330 - 40 * value_noise(scene.seed + 4, p.u * 0.004f, 1));
    if (breakwater < 8 && absolute(p.u - 260 * (scene.draw(5) - 0.5f)) > 70) return {Material::kRock, 3, 0.9f};
    return {scene.draw(6) < 0.5f ? Material::kDeepWater : Material::kTurbidWater, -2, 1};
  }
  if (on_pier || out > -14) {
    if (marina && on_pier && absolute(from_pier) > 4 && out > 6) return {Material::kConcrete, 0.5f, 0.95f};
    return {Material::kConcrete, 0.5f, 0.85f + 0.15f * value_noise(scene.seed + 7, x * 0.06f, y * 0.06f)};
  }
  const float apron = between(60, 160, scene.draw(8));
  if (-out < apron) {  // containers
    // Blocks of 5 by 8 containers between lanes.
    constexpr float kBlockU = 42, kBlockV = 30, kLane = 5, kLength = 6.4f, kWidth = 2.5f;
    const int32_t block_u = floor_int(p.u / kBlockU), block_v = floor_int(out / kBlockV);
    const int32_t column = floor_int((p.u - static_cast<float>(block_u) * kBlockU - kLane) / kLength);
    const int32_t row = floor_int((out - static_cast<float>(block_v) * kBlockV - kLane) / kWidth);
    if (column >= 0 && column < 5 && row >= 0 && row < 8) {
      const uint32_t box = lattice_hash(scene.seed + 9, block_u * 5 + column, block_v * 8 + row);
      if (unit(box, 1) < 0.82f) {
        constexpr Material kBoxes[] = {Material::kRedRoof, Material::kMetal, Material::kPaint, Material::kDarkRoof,
                                       Material::kBrightRoof};
        return Ground{kBoxes[static_cast<size_t>(unit(box, 2) * 5)], 2.6f * (1 + 3 * unit(box, 3)),
                      between(0.6f, 1.1f, unit(box, 4))}
            .of(ObjectClass::kContainer, box, scene.along);
      }
    }
    return {Material::kAsphalt, 0, 0.95f};
  }
  if (-out < apron + 14)
    return paint_street(scene, {.number = scene.seed, .along = p.u, .across = out + apron + 7, .half = 7});
  const float hinterland = scene.draw(10);
  if (hinterland < 0.25f) return paint_industrial(scene, x, y);
  return hinterland < 0.45f ? paint_residential(scene, x, y) : paint_country(scene, x, y);
}

namespace {

/// An aircraft at the origin with its nose towards +u: fuselage, swept wings and tailplane; `span` metres long.
bool aircraft_at(float u, float v, float span) {
  const float side = absolute(v), nose = u / span;  // -0.5 (tail) to 0.5 (nose)
  if (absolute(nose) > 0.5f) return false;
  const float taper = nose > 0.38f ? (0.5f - nose) * 8 : 1;
  if (side < 0.055f * span * clamp01(taper)) return true;
  const float wing = nose - 0.10f + 0.55f * side / span;  // swept back
  if (side < 0.48f * span && wing > -0.10f && wing < 0.07f - 0.10f * side / span) return true;
  const float tail = nose + 0.40f + 0.5f * side / span;
  return side < 0.18f * span && tail > -0.05f && tail < 0.05f;
}

}  // namespace

/// A runway with markings, a parallel taxiway, an apron with aircraft and a terminal.
Ground paint_airport(const Scene& scene, float x, float y) {
  Local p = local_axes(scene, x, y);
  if (scene.draw(1) < 0.5f) p.v = -p.v;
  p.v += 70 * (scene.draw(2) - 0.2f);
  const float half_runway = between(15, 24, scene.draw(3)), side = absolute(p.v);
  const Material surface = scene.draw(4) < 0.6f ? Material::kAsphalt : Material::kConcrete;
  const float worn = 0.85f + 0.3f * value_noise(scene.seed + 1, p.u * 0.02f, p.v * 0.4f);
  if (side < half_runway) {
    const OnWay runway{WayClass::kRunway, scene.seed + 9, p.u, p.v, half_runway};
    const auto painted = [&](float tint) { return Ground{Material::kPaint, 0, tint}.on(runway); };
    const float from_end = 290 - absolute(p.u);
    if (from_end > 0 && from_end < 32 && side > 2 && distance_to_multiple(side, 3.6f) < 1) return painted(0.95f);
    if (side < 0.7f && distance_to_multiple(p.u, 50) > 10) return painted(0.95f);
    if (from_end > 80 && from_end < 120 && side > 5 && side < 9) return painted(0.9f);
    if (side > half_runway - 1.8f && side < half_runway - 0.6f) return painted(0.85f);
    const float rubber = from_end > 40 && from_end < 170 && side < 8 ? 0.75f : 1;
    return Ground{surface, 0, worn * rubber}.on(runway);
  }
  const float taxi = p.v - between(85, 115, scene.draw(5));
  if (absolute(taxi) < 9) {
    return Ground{absolute(taxi) < 0.6f ? Material::kPaint : surface, 0, worn}.on(
        {WayClass::kTaxiway, scene.seed + 10, p.u, taxi, 9});
  }
  const float link = distance_to_multiple(p.u + 40, 190);
  if (p.v > 0 && taxi < 0 && link < 9) return {surface, 0, worn};
  const float apron = taxi - 32;
  if (apron > -23 && apron < 75 && absolute(p.u) < 260) {
    const float pitch = between(38, 58, scene.draw(6));
    const int32_t stand = floor_int(p.u / pitch);
    const uint32_t hash = lattice_hash(scene.passing(scene.seed + 2), stand, 0);
    const float across = p.u - (static_cast<float>(stand) + 0.5f) * pitch;
    if (unit(hash, 1) < 0.7f && aircraft_at(apron - 38, across, pitch * between(0.62f, 0.88f, unit(hash, 2)))) {
      return Ground{Material::kPaint, 4, between(0.75f, 1.05f, unit(hash, 3))}.of(ObjectClass::kAircraft, hash,
                                                                                  scene.along);
    }
    const float joint = distance_to_multiple(p.u, 7.5f) < 0.4f || distance_to_multiple(apron, 7.5f) < 0.4f ? 0.88f : 1;
    return {Material::kConcrete, 0, joint * (0.9f + 0.1f * worn)};
  }
  if (apron >= 75 && apron < 110 && absolute(p.u) < 230) {
    const Ground terminal{scene.draw(7) < 0.5f ? Material::kBrightRoof : Material::kConcrete,
                          12 + (distance_to_multiple(p.u, 24) < 2 ? 2.0f : 0.0f), 0.9f};
    return terminal.of(ObjectClass::kBuilding, scene.seed + 8, scene.along);
  }
  if (apron >= 110 && apron < 170 && absolute(p.u) < 230) return paint_industrial(scene, x, y);
  if (p.v > -90 && apron < 180) {
    return {scene.backdrop == Backdrop::kDryland ? Material::kSoil : Material::kGrass, 0,
            0.85f + 0.3f * value_noise(scene.seed + 3, x * 0.02f, y * 0.02f)};
  }
  return paint_country(scene, x, y);
}

}  // namespace skysense::synth
