"""What lies in a model file: tensors and metadata of the expected types, whose digest agrees.

Whether they fit each other and this version's games is not known here (`file.py`).
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError

from alphazero.files import read_regular

__all__ = ["FIELDS", "KEY", "Contents", "digest_of", "read_contents", "shown"]

KEY = "alphazero"  # of the metadata in the file's header
FIELDS: dict[str, type] = {
    "format_version": int,
    "game": str,
    "encoding_version": int,
    "network": dict,
    "input_shape": list,
    "policy_shape": list,
    "num_actions": int,
    "provenance": dict,
    "sha256": str,
}
TYPE_NAMES = {int: "a whole number", str: "a text", dict: "a mapping", list: "a list of whole numbers"}
TENSOR_TYPES = ("F32", "I64")  # those of a network's weights and counters
MAX_HEADER = 4 << 20  # bytes; that of the largest network takes a tenth of it
MAX_SHARE_OF_MEMORY = 4  # a file may be this part of the machine's memory: reading it takes twice its size
MAX_SHOWN = 400  # characters of what a file holds, in messages


class Contents(NamedTuple):
    """The tensors of a model file by name, and its metadata: FIELDS, of their types, perhaps more."""

    tensors: dict[str, torch.Tensor]
    metadata: dict[str, Any]


def read_contents(path: Path, format_version: int) -> Contents:
    """Read a model file of a format version; ValueError, one line, for anything else; OSError."""
    data = read_regular(path, _most_bytes())
    try:
        header = _header(data)
        metadata = _metadata(header)
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, RecursionError, OverflowError, RuntimeError) as error:
        raise ValueError(
            f"{path}: no model file, or one cut short or altered ({shown(str(error), quoted=False)}): expected a "
            ".safetensors file that alphazero wrote"
        ) from None
    if not isinstance(metadata, dict) or not FIELDS.keys() <= metadata.keys():
        raise ValueError(
            f"{path}: a .safetensors file, but no alphazero model, or an altered one: expected metadata "
            f"{KEY!r} with {', '.join(sorted(FIELDS))}"
        )
    if metadata["sha256"] != digest_of(tensors, metadata):
        raise ValueError(
            f"{path}: altered since it was written (its SHA-256 does not agree): copy or train it again"
        )
    _check_types(path, metadata, format_version)
    return Contents(tensors, metadata)


def _header(data: bytes) -> dict[str, Any]:
    """Return the header of a .safetensors file; ValueError for what is none, or holds tensors of other types."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise ValueError(f"{len(data):,} bytes, which end before its header does")
    if size > MAX_HEADER:
        raise ValueError(f"a header of {size:,} bytes, expected at most {MAX_HEADER:,}")
    header = _read_json(data[8 : 8 + size])
    if not isinstance(header, dict):
        raise ValueError("its header is no mapping")
    for name, entry in header.items():
        kind = entry.get("dtype") if isinstance(entry, dict) else None
        if name != "__metadata__" and kind not in TENSOR_TYPES:
            raise ValueError(
                f"tensor {shown(name)} is of type {shown(kind)}, expected {' or '.join(TENSOR_TYPES)}"
            )
    return header


def _metadata(header: dict[str, Any]) -> Any:
    texts = header.get("__metadata__")
    text = texts.get(KEY) if isinstance(texts, dict) else None
    return _read_json(text) if isinstance(text, str) else None


def _read_json(text: str | bytes) -> Any:
    """Read JSON, the numbers that are none refused: nothing here may be NaN or infinite."""
    value = json.loads(text, parse_constant=_refuse_constant)
    json.dumps(value, allow_nan=False)  # 1e999 is read as infinity
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} in its header")


def _check_types(path: Path, metadata: dict[str, Any], format_version: int) -> None:
    if metadata["format_version"] != format_version:
        raise ValueError(
            f"{path}: model format {shown(metadata['format_version'])}, this version reads {format_version}: use "
            "the version of alphazero that wrote it"
        )
    for name, kind in FIELDS.items():
        value = metadata[name]
        items = value if isinstance(value, list) else []
        if type(value) is not kind or not all(type(item) is int for item in items):
            raise ValueError(f"{path}: cannot be used: {name} is {shown(value)}, expected {TYPE_NAMES[kind]}")


def _most_bytes() -> int | None:
    """Return how large a model may be on this machine, None where the system does not say how much memory it has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MAX_SHARE_OF_MEMORY
    except (AttributeError, ValueError, OSError):
        return None


def digest_of(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the other metadata and of every tensor's name, type, shape and bytes."""
    head = {key: value for key, value in metadata.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(head, sort_keys=True, allow_nan=False).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(np.ascontiguousarray(tensor.reshape(-1).view(torch.uint8).numpy()).data)
    return digest.hexdigest()


def shown(value: object, quoted: bool = True) -> str:
    """Return what a file holds as a short line of printable characters, as Python writes it or without quotes."""
    text = " ".join((repr(value) if quoted else str(value)).split())[: MAX_SHOWN + 1]
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
