"""CLIP's tokenizer: transformers' CLIPTokenizer over the folders and texts of parity.clip_folder."""

import json
import pathlib
import tempfile

import torch
from parity.clip_folder import (END, ODD_TEXTS, SENTENCES, START, added_token, every_character, random_texts,
                                vocabulary_and_merges)
from torch import Tensor
from transformers import CLIPTokenizer
from transformers.utils import logging

logging.set_verbosity_error()

CONTEXT = 77
# What folders in use say beside vocab.json and merges.txt: nothing; CLIP ViT-L/14; padding by "!" (Stable Diffusion 2);
# files of transformers 4.34 and later.
FOLDERS = {
    "plain": {},
    "flags": {
        "tokenizer_config.json": {
            "unk_token": added_token(END, True),
            "bos_token": added_token(START, True),
            "eos_token": added_token(END, True),
            "pad_token": END,
            "model_max_length": CONTEXT,
        }
    },
    "padding": {"tokenizer_config.json": {"pad_token": END}, "special_tokens_map.json": {"bos_token": added_token(START, True), "pad_token": "!"}},
    "listed": {"tokenizer_config.json": {"added_tokens_decoder": "both", "bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}},
}


def packed_bytes(texts: list[str]) -> dict[str, Tensor]:
    """Texts as one run of bytes and the end of each."""
    encoded = [text.encode() for text in texts]
    ends = torch.tensor([len(text) for text in encoded]).cumsum(0)
    return {"bytes": torch.frombuffer(bytearray(b"".join(encoded)), dtype=torch.uint8), "ends": ends}


def file_tensor(text: str) -> Tensor:
    return torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)


def fixtures() -> dict[str, dict[str, Tensor]]:
    vocabulary, merges = vocabulary_and_merges()
    numbers = json.loads(vocabulary)
    both = {str(numbers[token]): added_token(token, token == END) | {"special": True} for token in (START, END)}
    for token in both.values():
        del token["__type"]  # which only roles have
    texts = ODD_TEXTS + SENTENCES + random_texts(4000)
    many = every_character()
    tensors = {f"odd.{key}": value for key, value in packed_bytes(texts).items()}
    tensors |= {f"every.{key}": value for key, value in packed_bytes(many).items()}
    for name, documents in FOLDERS.items():
        files = {"vocab.json": vocabulary, "merges.txt": merges}
        for file, document in documents.items():
            document = {key: both if value == "both" else value for key, value in document.items()}
            files[file] = json.dumps(document, ensure_ascii=False)
        with tempfile.TemporaryDirectory() as folder:
            for file, text in files.items():
                pathlib.Path(folder, file).write_text(text, encoding="utf-8")
            tokenizer = CLIPTokenizer.from_pretrained(folder)
        padded = tokenizer(texts, padding="max_length", truncation=True, max_length=CONTEXT)["input_ids"]
        whole = tokenizer(texts, add_special_tokens=False)["input_ids"]
        tensors |= {f"{name}.file.{file}": file_tensor(text) for file, text in files.items()}
        tensors[f"{name}.padded"] = torch.tensor(padded)
        tensors[f"{name}.whole"] = torch.tensor([number for row in whole for number in row])
        tensors[f"{name}.whole_ends"] = torch.tensor([len(row) for row in whole]).cumsum(0)
        if name == "plain":
            rows = tokenizer(many, add_special_tokens=False)["input_ids"]
            tensors["every.whole"] = torch.tensor([number for row in rows for number in row])
            tensors["every.whole_ends"] = torch.tensor([len(row) for row in rows]).cumsum(0)
    return {"clip_tokens": tensors}
