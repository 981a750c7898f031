"""OpenStreetMap objects made up for tests, and what shapely and rasterio draw of them."""

import json
import random

import numpy
import osmium
import rasterio
import rasterio.features
import rasterio.warp
import shapely
import shapely.geometry

from conftest import result_of

UTM = "EPSG:32633"
ORIGIN = (500000, 5200000)  # upper left corner of the grids, metres
UNLABELLED = 255
RULES = """format_version: 1
classes:
  - {number: 0, name: house, colour: "#ff0000"}
  - {number: 1, name: road, colour: "#404040"}
  - {number: 2, name: wood, colour: "#00aa00"}
  - {number: 3, name: tree, colour: "#007700"}
  - {number: 4, name: sea, colour: "#0000ff"}
rules:
  - {name: houses, class: house, geometry: area, where: {building: "*"}, order: 3}
  - {name: roads, class: road, geometry: line, where: {highway: "*"}, order: 2, width_m: 6, width_tag: width, lane_m: 3}
  - {name: woods, class: wood, geometry: area, where: {natural: wood}, order: 1}
  - {name: trees, class: tree, geometry: point, where: {natural: tree}, order: 4, radius_m: 2.5}
  - {name: sea, class: sea, geometry: area, where: {natural: coastline}, order: 0}
"""


def scene(path, size=200, gsd=1.0, left=ORIGIN[0], top=ORIGIN[1], crs=UTM, transform=None):
    """An empty raster whose grid the labels get."""
    transform = transform or rasterio.transform.from_origin(left, top, gsd, gsd)
    with rasterio.open(path, "w", driver="GTiff", width=size, height=size, count=1, dtype="uint8", crs=crs, transform=transform):
        pass
    return path


def objects(seed, count=60, size=200):
    """(tags, shape in metres of UTM): houses, roads, woods and trees anywhere on the grid and a little beyond."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        x, y = ORIGIN[0] + chance.uniform(-20, size + 20), ORIGIN[1] - chance.uniform(-20, size + 20)
        near = lambda reach: (x + chance.uniform(-reach, reach), y + chance.uniform(-reach, reach))
        kind = chance.choice(["house", "road", "wood", "tree"])
        if kind == "house":
            made.append(({"building": "yes"}, shapely.MultiPoint([near(12) for _ in range(6)]).convex_hull))
        elif kind == "wood":
            hull = shapely.MultiPoint([near(40) for _ in range(9)]).convex_hull
            made.append(({"natural": "wood"}, hull.difference(hull.centroid.buffer(6, quad_segs=3))))
        elif kind == "tree":
            made.append(({"natural": "tree"}, shapely.Point(x, y)))
        else:
            extra = chance.choice([{}, {"width": "9.5 m"}, {"lanes": "4"}, {"width": "wide"}])
            made.append(({"highway": "residential", **extra}, shapely.LineString([near(60) for _ in range(4)])))
    return made


def drawn(tags, shape):
    """(order, class, area) as the rules above say, by shapely."""
    if "building" in tags:
        return 3, 0, shape
    if "highway" in tags:
        width = {"9.5 m": 9.5}.get(tags.get("width"), 3.0 * int(tags["lanes"]) if "lanes" in tags else 6.0)
        return 2, 1, shape.buffer(width / 2, quad_segs=8)
    return (1, 2, shape) if tags["natural"] == "wood" else (4, 3, shape.buffer(2.5, quad_segs=8))


def to_degrees(shape):
    def change(points):
        return numpy.array(rasterio.warp.transform(UTM, "EPSG:4326", points[:, 0], points[:, 1])).T

    return shapely.transform(shape, change)


def geojson(path, things):
    features = [{"type": "Feature", "properties": tags, "geometry": shapely.geometry.mapping(to_degrees(shape))} for tags, shape in things]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_osm(path, things, relations=()):
    """Ways, nodes and multipolygon relations, written by osmium in the format of the name's ending."""
    path.unlink(missing_ok=True)
    nodes, ways, members = [], [], []
    refs = {}

    def node(point, tags=None):
        key = (round(point[0], 7), round(point[1], 7))
        if tags is None and key in refs:
            return refs[key]
        nodes.append(osmium.osm.mutable.Node(id=len(nodes) + 1, location=key, tags=tags or {}, version=1))
        refs.setdefault(key, len(nodes))
        return len(nodes)

    def way(points, tags):
        ways.append(osmium.osm.mutable.Way(id=len(ways) + 1, nodes=[node(point) for point in points], tags=tags, version=1))
        return len(ways)

    for tags, shape in things:
        shape = to_degrees(shape)
        if shape.geom_type == "Point":
            node((shape.x, shape.y), tags)
        elif shape.geom_type == "LineString":
            way(shape.coords, tags)
        elif not shape.interiors:
            way(shape.exterior.coords, tags)
        else:  # the outer ring in two ways, as large forests are
            half = len(shape.exterior.coords) // 2
            rings = [("outer", way(shape.exterior.coords[: half + 1], {})), ("outer", way(shape.exterior.coords[half:], {}))]
            rings += [("inner", way(ring.coords, {})) for ring in shape.interiors]
            members.append(([("w", ref, role) for role, ref in rings], {"type": "multipolygon", **tags}))
    with osmium.SimpleWriter(str(path)) as writer:
        for one in nodes:
            writer.add_node(one)
        for one in ways:
            writer.add_way(one)
        for number, (parts, tags) in enumerate(members, 1):
            writer.add_relation(osmium.osm.mutable.Relation(id=number, members=parts, tags=tags, version=1))
    return path


def labels_of(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


def rasterized(folder, source, *arguments, name="labels.tif"):
    (folder / "rules.yaml").write_text(RULES)
    result = result_of("rasterize", source, "--rules", folder / "rules.yaml", "-o", folder / name, "--overwrite", *arguments)
    return labels_of(folder / name), result


def expected(things, size=200, gsd=1.0):
    """What rasterio burns of shapely's shapes, and how far each pixel's centre lies from the nearest outline, in pixels."""
    transform = rasterio.transform.from_origin(*ORIGIN, gsd, gsd)
    shapes = [drawn(tags, shape) for tags, shape in things]
    # Of one order the smaller area lies on top.
    shapes.sort(key=lambda one: (one[0], -one[2].area if one[0] in (1, 3) else 0))
    labels = rasterio.features.rasterize([(area, value) for _, value, area in shapes], (size, size), fill=UNLABELLED, transform=transform, dtype="uint8")
    outlines = shapely.unary_union([area.boundary for _, _, area in shapes])
    rows, columns = numpy.mgrid[0:size, 0:size]
    centres = shapely.points(ORIGIN[0] + (columns + 0.5) * gsd, ORIGIN[1] - (rows + 0.5) * gsd)
    return labels, shapely.distance(centres, outlines) / gsd


def assert_equal_but_on_outlines(labels, things, **grid):
    """Corners are rounded to 1/1024 pixel: only pixels whose centre lies that near an outline may differ."""
    wanted, distance = expected(things, **grid)
    assert len(numpy.unique(wanted)) == 5, "the fixture draws every class"
    differing = labels != wanted
    assert differing.sum() < 20 and (distance[differing] < 2 / 1024).all(), (differing.sum(), distance[differing].max())
