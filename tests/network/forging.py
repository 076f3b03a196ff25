"""Model files of right digest and wrong content, as a forger or another version of this program might write them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from alphazero.network.contents import KEY, digest_of


def contents(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors and the metadata of a model file, unchecked."""
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return safetensors.torch.load(data), json.loads(header["__metadata__"][KEY])


def forge(
    path: Path,
    changes: Mapping[str, Any],
    tensors: Mapping[str, torch.Tensor | None] | None = None,
    before: tuple[dict[str, torch.Tensor], dict[str, Any]] | None = None,
) -> None:
    """Write a model file anew with other metadata and tensors (None: without it), and a digest that agrees.

    before: what the changes are made to, the file's own contents by default.
    """
    old, metadata = before or contents(path)
    after = {name: tensor for name, tensor in (old | dict(tensors or {})).items() if tensor is not None}
    metadata = metadata | dict(changes)
    metadata["sha256"] = digest_of(after, metadata)
    path.write_bytes(safetensors.torch.save(after, {KEY: json.dumps(metadata)}))


def forge_text(path: Path, text: str) -> None:
    """Write a model file anew with a text of one's own for its metadata."""
    path.write_bytes(safetensors.torch.save(contents(path)[0], {KEY: text}))


def forge_header(path: Path, header: bytes, size: int | None = None) -> None:
    """Write a model file anew with another header, which may say another size of itself."""
    data = path.read_bytes()
    rest = data[8 + int.from_bytes(data[:8], "little") :]
    path.write_bytes((len(header) if size is None else size).to_bytes(8, "little") + header + rest)
