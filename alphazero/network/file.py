"""The model file: one .safetensors with the weights and, in its metadata, all that is needed to use them.

The metadata is one text, JSON, under the key "alphazero": `format_version`, `game` (as `games.spec` writes
it), `encoding_version` of its planes, `network` (NetworkConfig), `input_shape`, `policy_shape`,
`num_actions`, `provenance` (free), and `sha256` over all of this and every tensor. Reading runs no code.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError

import games
from alphazero.config import NetworkConfig
from alphazero.files import model_file, write_atomically
from alphazero.network.inference import resolve_device
from alphazero.network.model import ResidualNetwork, for_game

__all__ = ["Model", "load_model", "save_model"]

KEY, FORMAT_VERSION = "alphazero", 1
ENCODING_VERSION = 1  # of games that do not state one
SIZES = {
    "size",
    "rows",
    "cols",
    "komi",
    "max_plies",
}  # rules that may differ for a network that fits every board
FIELDS = {
    "format_version",
    "game",
    "encoding_version",
    "network",
    "input_shape",
    "policy_shape",
    "num_actions",
    "provenance",
    "sha256",
}


class Model(NamedTuple):
    """A network in evaluation mode, the game it plays, and what its file says about itself."""

    network: ResidualNetwork
    game: Any
    metadata: dict[str, Any]  # FIELDS, as above


def save_model(
    path: str | os.PathLike[str],
    network: ResidualNetwork,
    game: Any,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write network and game to `path`, replacing what is there in one step; ValueError, OSError.

    `provenance` is any JSON-able mapping: run, generation, positions, commit. A reader, or a crash, sees the
    old file or the new one, never a part.
    """
    path = Path(path)
    shapes = network.input_shape, network.policy_shape, network.num_actions
    expected = (game.planes, *game.board_shape), tuple(game.policy_shape), game.num_actions
    if shapes != expected:
        raise ValueError(
            f"{path}: the network is not made for {games.spec(game)}: its input, policy and actions "
            f"are {shapes}, the game's {expected}"
        )
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    metadata: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "game": games.spec(game),
        "encoding_version": _encoding_version(game),
        "network": network.config.model_dump(mode="json"),
        "input_shape": network.input_shape,
        "policy_shape": network.policy_shape,
        "num_actions": network.num_actions,
        "provenance": dict(provenance or {}),
    }
    try:
        metadata["sha256"] = _digest(tensors, metadata)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: provenance cannot be written as JSON: {error}") from None
    write_atomically(path, safetensors.torch.save(tensors, {KEY: json.dumps(metadata)}))


def load_model(path: str | os.PathLike[str], device: str = "cpu", game: Any = None) -> Model:
    """Read a model that `save_model` wrote, a file or a run's folder; the network is in evaluation mode on `device`.

    ValueError, one line that names the file, when it is truncated, altered, something else, of another format
    version, or, where `game` is given, made for another game or rules. A network that fits every board may be given
    another size of its game, if the planes are the same. OSError when it cannot be read.
    """
    path = model_file(path)
    target = resolve_device(device)
    tensors, metadata = _read(path)
    try:
        own_game = games.parse(metadata["game"])
        config = NetworkConfig.model_validate_json(json.dumps(metadata["network"]))
        network = for_game(own_game, config)
    except ValueError as error:
        raise ValueError(f"{path}: cannot be used: {' '.join(str(error).split())}") from None
    if game is not None and _fits(network, own_game, game):
        _check_game(path, metadata, network, own_game, None)
        own_game, network = game, for_game(game, config)
    else:
        _check_game(path, metadata, network, own_game, game)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(
            f"{path}: weights do not fit the network it describes: {' '.join(str(error).split())}"
        ) from None
    return Model(network.to(target).eval(), own_game, metadata)


def _fits(network: ResidualNetwork, own_game: Any, game: Any) -> bool:
    """Whether a network can play another size of its own game."""
    return network.fits_every_board and _kind(own_game) == _kind(game)


def _kind(game: Any) -> tuple[Any, ...]:
    """Return what must be equal for two boards of one game to share a network that fits every board."""
    lasting = game.num_actions - math.prod(game.policy_shape)  # a pass
    rules = tuple(sorted((name, rule) for name, rule in game.rules.items() if name not in SIZES))
    return game.name, rules, game.planes, len(game.policy_shape), game.policy_shape[0], lasting


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors and the metadata of a model file of this version whose digest agrees."""
    data = path.read_bytes()
    try:
        tensors = safetensors.torch.load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        text = header.get("__metadata__", {}).get(KEY)
        metadata = None if text is None else json.loads(text)
    except (SafetensorError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path}: no model file, or one cut short or altered ({reason}): expected a .safetensors file "
            "that alphazero wrote"
        ) from None
    if not isinstance(metadata, dict) or not FIELDS <= metadata.keys():
        raise ValueError(
            f"{path}: a .safetensors file, but no alphazero model, or an altered one: expected metadata "
            f"{KEY!r} with {', '.join(sorted(FIELDS))}"
        )
    if metadata["sha256"] != _digest(tensors, metadata):
        raise ValueError(
            f"{path}: altered since it was written (its SHA-256 does not agree): copy or train it again"
        )
    if metadata["format_version"] != FORMAT_VERSION:
        raise ValueError(
            f"{path}: model format {metadata['format_version']}, this version reads {FORMAT_VERSION}: use "
            "the version of alphazero that wrote it"
        )
    return tensors, metadata


def _check_game(
    path: Path, metadata: dict[str, Any], network: ResidualNetwork, own_game: Any, wanted: Any
) -> None:
    if wanted is not None and games.spec(wanted) != games.spec(own_game):
        raise ValueError(f"{path}: a model for {games.spec(own_game)}, not for {games.spec(wanted)}")
    if metadata["encoding_version"] != _encoding_version(own_game):
        raise ValueError(
            f"{path}: made for version {metadata['encoding_version']} of the planes of {own_game.name}, "
            f"this is version {_encoding_version(own_game)}: train it again"
        )
    shapes = [list(network.input_shape), list(network.policy_shape), network.num_actions]
    stored = [metadata["input_shape"], metadata["policy_shape"], metadata["num_actions"]]
    if stored != shapes:
        raise ValueError(
            f"{path}: made for input, policy and actions {stored}, {metadata['game']} now has {shapes}: "
            "train it again"
        )


def _encoding_version(game: Any) -> int:
    return int(getattr(game, "encoding_version", ENCODING_VERSION))


def _digest(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the other metadata and of every tensor's name, type, shape and bytes."""
    head = {key: value for key, value in metadata.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(head, sort_keys=True, allow_nan=False).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(np.ascontiguousarray(tensor.reshape(-1).view(torch.uint8).numpy()).data)
    return digest.hexdigest()
