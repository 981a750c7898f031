"""Writes every parity fixture: python -m parity.write_fixtures FOLDER.

Each module of this package with a function `fixtures() -> dict[str, dict[str, torch.Tensor]]` contributes one
safetensors file per key; one with `fixtures_in(folder)` may leave files of its own there as well. The C++ tests compare with
them and state their tolerance.
"""

import importlib
import pathlib
import pkgutil
import sys

import torch
from safetensors.torch import save_file

import parity


def main(folder: str) -> None:
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for info in pkgutil.iter_modules(parity.__path__):
        module = importlib.import_module(f"parity.{info.name}")
        torch.manual_seed(0)
        if hasattr(module, "fixtures_in"):
            fixtures = module.fixtures_in(out)
        elif hasattr(module, "fixtures"):
            fixtures = module.fixtures()
        else:
            continue
        for name, tensors in fixtures.items():
            save_file({key: value.detach().contiguous().clone() for key, value in tensors.items()}, out / f"{name}.safetensors")
            print(f"wrote {name}")


if __name__ == "__main__":
    main(sys.argv[1])
