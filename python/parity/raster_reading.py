"""Rasters of many kinds with what rasterio reads from them: written here, and real ones where they are present."""

import os
import pathlib

import numpy
import rasterio
import torch
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile

DATA = pathlib.Path(os.environ.get("SKYSENSE_TEST_DATA", pathlib.Path(__file__).parents[2] / ".." / "shared" / "data"))
REAL = [
    "rgb_lzw.tif", "rgb_deflate.tif", "RGB.byte.tif", "cogeo.tif", "cog_rgba.tif", "cog_rgb_mask.tif", "cog_nodata_nan.tif",
    "L7_ETMs.tif", "L8-B4-Elkton-VA-4326.tiff", "S2A2A_20190723_022_Barbellino_BOA_10.tif", "sent2_L2A_2024-08-24.tif",
]  # fmt: skip


def written(values, **profile):
    profile = {"driver": "GTiff", "crs": "EPSG:32633", "transform": rasterio.transform.from_origin(4e5, 5e6, 10, 10), **profile}
    bands, height, width = values.shape
    with MemoryFile() as memory:
        with memory.open(count=bands, height=height, width=width, dtype=values.dtype, **profile) as raster:
            raster.write(values)
        return memory.read()


def described(file: bytes):
    """The file, and rasterio's reading of it: data bands as float32, and the pixels that are valid for certain or not at all."""
    with MemoryFile(file) as memory, memory.open() as raster:
        data = [i for i in raster.indexes if raster.colorinterp[i - 1] != ColorInterp.alpha]
        values = raster.read(data).astype("float32")
        masks = raster.read_masks(data) != 0
        finite = numpy.isfinite(values).all(0)
        # Two decoders upsample the halved chroma of YCbCr JPEG differently: GDAL 3.6 (gdal_translate as our reader) and
        # rasterio's GDAL 3.10 differ by up to 13 of 255 levels on cogeo.tif. JPEG of plain RGB, like all else, is exact.
        tolerance = 16.0 if raster.photometric == rasterio.enums.PhotometricInterp.ycbcr else 0.0
        return {
            "tolerance": torch.tensor([tolerance]),
            "file": torch.frombuffer(bytearray(file), dtype=torch.uint8),
            "values": torch.from_numpy(numpy.nan_to_num(values, nan=0, posinf=0, neginf=0)),
            "all_bands_valid": torch.from_numpy(masks.all(0) & finite),
            "some_band_valid": torch.from_numpy(masks.any(0) & finite),
            "transform": torch.tensor(raster.transform.to_gdal(), dtype=torch.float64),
            "wkt": torch.frombuffer(bytearray(raster.crs.to_wkt().encode()), dtype=torch.uint8),
        }


def fixtures():
    random = numpy.random.default_rng(0)
    numbers = random.integers(0, 5000, (3, 70, 90)).astype("uint16")
    floats = random.normal(size=(2, 70, 90)).astype("float32")
    y, x = numpy.mgrid[0:70, 0:90]
    with_nan = floats.copy()
    with_nan[0, :20] = numpy.nan
    files = {
        "uint16_tiled": written(numbers, tiled=True, blockxsize=32, blockysize=32, compress="deflate", predictor=2),
        "uint16_nodata": written(numbers // 1000, nodata=3),
        "float_nan_nodata": written(with_nan, nodata=float("nan"), compress="zstd"),
        "float64_rotated": written(floats.astype("float64"), transform=rasterio.Affine(8, -6, 4e5, -6, -8, 5e6)),
        "int16_degrees": written((numbers.astype("int32") - 2500).astype("int16"), crs="EPSG:4326", transform=rasterio.transform.from_origin(12, 45, 1e-4, 1e-4)),
        "byte_jpeg_rgb": written((numbers % 251).astype("uint8"), compress="jpeg", photometric="rgb", tiled=True, blockxsize=32, blockysize=32),
        "byte_jpeg_ycbcr": written(numpy.stack([2 * x, 3 * y, x + y]).astype("uint8"), compress="jpeg", photometric="ycbcr", tiled=True, blockxsize=32, blockysize=32),
    }
    real = DATA / "geotiff_variety"
    files |= {f"real_{name}": (real / name).read_bytes() for name in REAL if (real / name).exists()}
    return {"raster_reading": {f"{name}|{key}": tensor for name, file in files.items() for key, tensor in described(file).items()}}
