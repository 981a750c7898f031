"""Keeps of a checkpoint what a model needs to be applied: config, contract, the teacher's encoder and its queries. Standard library only."""

import array
import json
import math
import os
import pathlib
import shutil
import struct
import sys

MODEL_PARTS = ("tokenizers.", "backbone.", "backbones.", "fusion.", "aggregation.", "prototypes")
TEACHER = "teacher.safetensors"


def read_header(data: memoryview) -> tuple[dict, memoryview]:
    """A safetensors file: the length of the header, the header, the values."""
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(bytes(data[8 : 8 + length])), data[8 + length :]


def as_float16(values: memoryview) -> bytes:
    numbers = array.array("f")
    numbers.frombytes(values)
    if sys.byteorder != "little":
        numbers.byteswap()
    return struct.pack(f"<{len(numbers)}e", *numbers)


def slim(file: pathlib.Path, output: pathlib.Path, keep_as: str) -> None:
    """The tensors of the model without learning heads, as they are or with float32 values as float16."""
    header, values = read_header(memoryview(file.read_bytes()))
    kept, parts, end = {"__metadata__": header["__metadata__"]}, [], 0
    for name in sorted(name for name in header if name.startswith(MODEL_PARTS)):
        entry = header[name]
        data = values[slice(*entry["data_offsets"])]
        if keep_as == "float16" and entry["dtype"] == "F32":
            data, entry = as_float16(data), {**entry, "dtype": "F16"}
        kept[name] = {**entry, "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    text = json.dumps(kept, separators=(",", ":")).encode()
    text += b" " * (8 * math.ceil(len(text) / 8) - len(text))
    with output.open("wb") as out:
        out.write(struct.pack("<Q", len(text)))
        out.write(text)
        for part in parts:
            out.write(part)


def keep_model(checkpoint: pathlib.Path, output: pathlib.Path, keep_as: str) -> None:
    """A folder that every --model takes and no training continues. It appears whole or not at all."""
    if output.exists():
        return
    part = output.with_name(output.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in ("config.yaml", "contract.json"):
        shutil.copy(checkpoint / name, part / name)
    slim(checkpoint / TEACHER, part / TEACHER, keep_as)
    state = json.loads((checkpoint / "state.json").read_text())
    state["files"] = {name: (part / name).stat().st_size for name in ("config.yaml", "contract.json", TEACHER)}
    (part / "state.json").write_text(json.dumps(state, indent=2) + "\n")
    os.replace(part, output)
