"""Small collections in the layouts of the products and catalogs that `index` reads."""

import json
import pathlib

import numpy
import rasterio
import rasterio.control
from rasterio.transform import from_origin

UTM31, UTM32 = "EPSG:32631", "EPSG:32632"
TEN_BANDS = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]


def write(path, values, west, north, gsd, crs=UTM31, **profile):
    """values [bands, h, w] as a GeoTIFF (or profile's driver) whose upper-left corner is (west, north)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bands, height, width = values.shape
    with rasterio.open(path, "w", **{"driver": "GTiff", "count": bands, "height": height, "width": width, "dtype": values.dtype,
                                     "crs": crs, "transform": from_origin(west, north, gsd, gsd), **profile}) as raster:
        raster.write(values)
    return path


def ramp(bands, side, low=1000, slope=8):
    """Values that rise to the east in even bands and to the south in odd ones: a shift of one pixel shows as `slope`."""
    rows, columns = numpy.mgrid[0:side, 0:side]
    return numpy.stack([low + slope * (rows if band % 2 else columns) for band in range(bands)]).astype("uint16")


def radar(side, seed=0):
    return numpy.random.default_rng(seed).normal(-12, 2, (2, side, side)).astype("float32")


def picture(side, seed=0):
    return numpy.random.default_rng(seed).integers(0, 255, (3, side, side)).astype("uint8")


def places_of(dataset: pathlib.Path):
    return [json.loads(line) for line in (dataset / "index.jsonl").read_text().splitlines()]


def report_of(dataset: pathlib.Path):
    return json.loads((dataset / "index-report.json").read_text())


def sensors_of(dataset: pathlib.Path):
    return json.loads((dataset / "contract.json").read_text())["sensors"]


def safe_metadata(level, start, baseline, offset):
    """The entries of MTD_MSIL2A.xml or MTD_MSIL1C.xml that say how values are stored, nested as in the products."""
    surface = level == "L2A"
    name, quantity = ("BOA", "BOA_QUANTIFICATION_VALUE") if surface else ("RADIO", "QUANTIFICATION_VALUE")
    offsets = "".join(f'<{name}_ADD_OFFSET band_id="{band}">{offset}</{name}_ADD_OFFSET>' for band in range(13))
    listed = f"<{name}_ADD_OFFSET_VALUES_LIST>{offsets}</{name}_ADD_OFFSET_VALUES_LIST>" if offset else ""
    listed = listed.replace("RADIO_ADD_OFFSET_VALUES_LIST", "Radiometric_Offset_List")
    value = f'<{quantity} unit="none">10000</{quantity}>'
    values = f"<QUANTIFICATION_VALUES_LIST>{value}</QUANTIFICATION_VALUES_LIST>" if surface else value
    return (f'<?xml version="1.0" encoding="UTF-8"?><n1:Level-{level[1:]}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD">'
            f"<n1:General_Info><Product_Info><PRODUCT_START_TIME>{start}</PRODUCT_START_TIME>"
            f"<PROCESSING_LEVEL>Level-{level[1:]}</PROCESSING_LEVEL><PRODUCT_TYPE>S2MSI{level[1:]}</PRODUCT_TYPE>"
            f"<PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE></Product_Info>"
            f"<Product_Image_Characteristics>{values}{listed}</Product_Image_Characteristics></n1:General_Info></n1:Level-{level[1:]}_User_Product>")


def safe_product(folder, level="L2A", day="20230601", baseline="05.09", offset=-1000, side=64, west=500480, north=5600640, clouded=0.0):
    """A Sentinel-2 product of side * 10 m with the names, folders, pixel sizes and JP2 files of the real ones."""
    tile, stamp = "T31UES", f"{day}T105621"
    number = baseline.replace(".", "")
    product = folder / f"S2B_MSI{level}_{stamp}_N{number}_R094_{tile}_{day}T140117.SAFE"
    data = product / "GRANULE" / f"{level}_{tile}_A032567_{stamp}" / "IMG_DATA"
    lossless = {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}

    def band(path, size, values):
        write(path, values[None].astype("uint16" if values.max() > 255 else "uint8"), west, north, size, **lossless)

    sizes = {"B01": 60, "B02": 10, "B03": 10, "B04": 10, "B05": 20, "B06": 20, "B07": 20, "B08": 10, "B8A": 20, "B09": 60, "B11": 20, "B12": 20}
    for number_of_band, (name, size) in enumerate(sizes.items()):
        for pixels in [size] if level == "L1C" else [step for step in (10, 20, 60) if step >= size]:
            count = max(side * 10 // pixels, 1)
            values = 1500 + 100 * number_of_band - offset + 2 * pixels // 10 * numpy.mgrid[0:count, 0:count][1]
            band(data / f"{tile}_{stamp}_{name}.jp2" if level == "L1C" else data / f"R{pixels}m" / f"{tile}_{stamp}_{name}_{pixels}m.jp2", pixels, values)
    if level == "L2A":
        classes = numpy.full((side // 2, side // 2), 4)
        classes[: int(side // 2 * clouded)] = 9
        band(data / "R20m" / f"{tile}_{stamp}_SCL_20m.jp2", 20, classes)
        band(data / "R10m" / f"{tile}_{stamp}_TCI_10m.jp2", 10, numpy.full((side, side), 90))
    else:
        masks = numpy.zeros((3, side // 6, side // 6), "uint8")  # opaque clouds, cirrus, snow
        masks[0, : int(side // 6 * clouded)] = 1
        write(data.parent / "QI_DATA" / "MSK_CLASSI_B00.jp2", masks, west, north, 60, **lossless)
    (product / f"MTD_MSI{level}.xml").write_text(safe_metadata(level, f"{day[:4]}-{day[4:6]}-{day[6:]}T10:56:21.024Z", baseline, offset))
    return product


def sentinel1_product(folder):
    """A GRD product before terrain correction: control points, no grid."""
    product = folder / "S1A_IW_GRDH_1SDV_20230605T173017_20230605T173042_048850_05DFD1_7F2B.SAFE"
    points = [rasterio.control.GroundControlPoint(row, column, 3 + column / 100, 50 - row / 100) for row in (0, 40) for column in (0, 40)]
    path = product / "measurement" / "s1a-iw-grd-vv-20230605t173017-20230605t173042-048850-05dfd1-001.tiff"
    path.parent.mkdir(parents=True)
    with rasterio.open(path, "w", driver="GTiff", width=40, height=40, count=1, dtype="uint16", gcps=points, crs="EPSG:4326") as raster:
        raster.write(numpy.full((1, 40, 40), 300, "uint16"))
    (product / "manifest.safe").write_text("<xfdu/>")
    return product


def rslearn_dataset(folder):
    """One window with two Sentinel-2 dates in two band sets, a Sentinel-1 image, a label layer and an unfinished one."""
    west, south, side = 500480, 5600000, 32
    layers = {
        "sentinel2": {"type": "raster", "band_sets": [{"bands": ["B02", "B03", "B04", "B08"], "dtype": "uint16"},
                                                      {"bands": ["B05", "B06", "B07", "B8A", "B11", "B12"], "dtype": "uint16", "zoom_offset": -1}],
                      "data_source": {"class_path": "rslearn.data_sources.planetary_computer.Sentinel2", "init_args": {"harmonize": True}}},
        "sentinel1": {"type": "raster", "band_sets": [{"bands": ["vv", "vh"], "dtype": "float32"}],
                      "data_source": {"class_path": "rslearn.data_sources.planetary_computer.Sentinel1"}},
        "label": {"type": "raster", "band_sets": [{"bands": ["label"], "dtype": "uint8"}]},
        "roads": {"type": "vector"},
    }
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"layers": layers, "tile_store": {"class_path": "rslearn.tile_stores.default.DefaultTileStore"}}))
    window = folder / "windows" / "default" / "window_a"
    ramps = ramp(10, side)
    for group, name in enumerate(["sentinel2", "sentinel2.1"]):
        bands = dict(zip(TEN_BANDS, ramps + 100 * group))
        for names, step in [(["B02", "B03", "B04", "B08"], 1), (["B05", "B06", "B07", "B8A", "B11", "B12"], 2)]:
            write(window / "layers" / name / "_".join(names) / "geotiff.tif", numpy.stack([bands[band][::step, ::step] for band in names]),
                  west, south + side * 10, 10 * step)
    write(window / "layers" / "sentinel1" / "vv_vh" / "geotiff.tif", radar(side), west, south + side * 10, 10)
    write(window / "layers" / "label" / "label" / "geotiff.tif", numpy.full((1, side, side), 3, "uint8"), west, south + side * 10, 10)
    write(window / "layers" / "sentinel1.1" / "vv_vh" / "geotiff.tif", radar(side), west, south + side * 10, 10)
    (window / "layers" / "roads").mkdir()
    for name in ["sentinel2", "sentinel2.1", "label", "roads"]:
        (window / "layers" / name / "completed").touch()
    bounds = [west // 10, -(south // 10 + side), west // 10 + side, -(south // 10)]
    (window / "metadata.json").write_text(json.dumps({
        "group": "default", "name": "window_a", "projection": {"crs": UTM31, "x_resolution": 10, "y_resolution": -10}, "bounds": bounds,
        "time_range": ["2023-06-01T00:00:00+00:00", "2023-07-01T00:00:00+00:00"], "options": {}}))
    item = lambda day: {"name": "S2", "geometry": {"projection": {"crs": "EPSG:4326", "x_resolution": 1, "y_resolution": 1}, "shp": "POINT (3 50)",
                                                   "time_range": [f"2023-06-{day}T10:56:21+00:00"] * 2}}
    (window / "items.json").write_text(json.dumps([{"layer_name": "sentinel2", "serialized_item_groups": [[item("03")], [item("13")]], "materialized": True}]))
    return folder
