"""CLIP's text encoder: transformers' CLIPTextModelWithProjection and CLIPModel.

The weights of the real size are drawn by a rule that the C++ test follows too (SplitMix64 from each parameter's name), so
that no 340 MB are written. Small models travel as the folders that transformers itself saves.
"""

import json
import math
import pathlib
import tempfile

import numpy as np
import torch
from parity.clip_folder import END, START, added_token, vocabulary_and_merges
from parity.clip_tokens import file_tensor
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()

CONTEXT, VOCABULARY = 77, 3000
GOLDEN, HASH_START, HASH_PRIME, MASK = 0x9E3779B97F4A7C15, 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1
CLASSES = ["water", "bare_ground", "orchard or vineyard", "森林", "forêt dense", "Residential Area"]
PROMPTS = ["a satellite image of {}.", "{} from above"]


def uniform(name: str, count: int) -> np.ndarray:
    """Values in [-1, 1): SplitMix64 from the FNV-1a hash of the name."""
    state = HASH_START
    for byte in name.encode():
        state = ((state ^ byte) * HASH_PRIME) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * (2.0 * 2.0**-53) - 1.0


def draw_weights(model: nn.Module) -> None:
    """Every parameter away from the values that hide a mistake; attention and activations neither flat nor saturated."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(("vision_model.", "visual_projection.", "logit_scale")):
                continue
            name = name.replace("text_model.", "").replace("encoder.", "")
            values = uniform(name, parameter.numel())
            if name.endswith("bias"):
                values = values * 0.1
            elif "norm" in name:
                values = 1.0 + 0.2 * values
            elif "embedding" not in name:
                values = values * math.sqrt(3.0 / parameter.shape[1])
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).view_as(parameter))


def token_rows(end: int) -> Tensor:
    """Texts of 0, 5, … tokens, padded by the end token, by 0 or by numbers that must not matter; the last is full."""
    rows = torch.randint(0, VOCABULARY - 2, (6, CONTEXT))
    for row, length in enumerate([0, 5, 12, 31, 60, CONTEXT - 2]):
        rows[row, 0] = VOCABULARY - 2
        rows[row, 1 + length] = end
        if row % 3 == 0:
            rows[row, 2 + length :] = end
        elif row % 3 == 1:
            rows[row, 2 + length :] = 0
    return rows


def real_size() -> dict[str, Tensor]:
    """The text tower of ViT-L/14 with both activations, and with the end found as in older folders."""
    tensors = {}
    for name, activation, end in [("quick", "quick_gelu", VOCABULARY - 1), ("exact", "gelu", VOCABULARY - 1), ("legacy", "quick_gelu", 2)]:
        config = CLIPTextConfig(vocab_size=VOCABULARY, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                                projection_dim=768, max_position_embeddings=CONTEXT, hidden_act=activation, bos_token_id=VOCABULARY - 2,
                                eos_token_id=end)
        model = CLIPTextModelWithProjection(config).eval()
        draw_weights(model)
        tokens = token_rows(VOCABULARY - 1)
        with torch.no_grad():
            tensors |= {f"{name}.tokens": tokens, f"{name}.output": model(input_ids=tokens).text_embeds}
    return tensors


def text_settings(vocabulary: int, **others) -> dict:
    return {"vocab_size": vocabulary, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4,
            "max_position_embeddings": 24, "bos_token_id": vocabulary - 2, "eos_token_id": vocabulary - 1} | others


def whole_model(vocabulary: int) -> CLIPModel:
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 8, "patch_size": 4}
    return CLIPModel(CLIPConfig(text_config=text_settings(vocabulary, hidden_act="gelu"), vision_config=vision, projection_dim=40))


def class_vectors(folder: str) -> Tensor:
    """What transformers makes of the folder in float32: unit vectors, averaged over the prompts, units again."""
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    kind = json.loads(pathlib.Path(folder, "config.json").read_text())["model_type"]
    model = (CLIPModel if kind == "clip" else CLIPTextModelWithProjection).from_pretrained(folder, dtype=torch.float32).eval()
    tower = model.text_model
    vectors = []
    for name in CLASSES:
        texts = [prompt.format(name.replace("_", " ")) for prompt in PROMPTS]
        tokens = tokenizer(texts, padding="max_length", truncation=True, max_length=24, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            projected = model.text_projection(tower(input_ids=tokens).pooler_output)
        vectors.append(nn.functional.normalize(nn.functional.normalize(projected, dim=-1).mean(0), dim=0))
    return torch.stack(vectors)


def add_position_numbers(folder: pathlib.Path) -> None:
    """Files of transformers before 4.31 hold them; a tied "eos_token_id": 2 came with these."""
    file = folder / "model.safetensors"
    tensors = load_file(file)
    tensors["text_model.embeddings.position_ids"] = torch.arange(24)[None]
    save_file(tensors, file, {"format": "pt"})


def drop_prefix(folder: pathlib.Path) -> None:
    file = folder / "model.safetensors"
    tensors = {name.removeprefix("text_model."): value for name, value in load_file(file).items()}
    save_file(tensors, file, {"format": "pt"})


def folders() -> dict[str, Tensor]:
    vocabulary, merges = vocabulary_and_merges()
    size = len(json.loads(vocabulary))
    flags = {"bos_token": added_token(START, True), "eos_token": added_token(END, True), "unk_token": added_token(END, True), "pad_token": END}
    text = CLIPTextConfig(**text_settings(size, projection_dim=48))
    legacy = CLIPTextConfig(**text_settings(size, projection_dim=48) | {"eos_token_id": 2})
    cases = {
        "text": (CLIPTextModelWithProjection(text), torch.float32, {}),
        "whole": (whole_model(size), torch.float16, {}),
        "sharded": (CLIPTextModelWithProjection(text), torch.bfloat16, {"max_shard_size": "100KB"}),
        "legacy": (CLIPTextModelWithProjection(legacy), torch.float32, {}),
        "bare": (CLIPTextModelWithProjection(text), torch.float32, {}),
    }
    tensors = {}
    for name, (model, dtype, options) in cases.items():
        draw_weights(model)
        with tempfile.TemporaryDirectory() as path:
            folder = pathlib.Path(path)
            model.to(dtype).save_pretrained(path, **options)
            (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
            (folder / "merges.txt").write_text(merges, encoding="utf-8")
            (folder / "tokenizer_config.json").write_text(json.dumps(flags))
            tensors[f"{name}.vectors"] = class_vectors(path)
            if name == "legacy":
                add_position_numbers(folder)
            if name == "bare":
                drop_prefix(folder)
            assert len(list(folder.glob("*.safetensors"))) == 1 or name == "sharded"
            tensors |= {f"{name}.file.{file.name}": torch.from_numpy(np.fromfile(file, dtype=np.uint8)) for file in sorted(folder.iterdir())}
    return tensors


def fixtures() -> dict[str, dict[str, Tensor]]:
    return {"clip_text": real_size(), "clip_folders": folders()}
