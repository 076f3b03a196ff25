"""The model file: one .safetensors with the weights and, in its metadata, all that is needed to use them.

The metadata is one text, JSON, under the key "alphazero": `format_version`, `game` (as `games.spec` writes
it), `encoding_version` of its planes, `network` (NetworkConfig), `input_shape`, `policy_shape`,
`num_actions`, `provenance` (free), and `sha256` over all of this and every tensor. Reading runs no code. A digest
keeps accidents out, not forgers: so nothing is built before all that the file says of itself has been compared.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from pydantic import ValidationError

import games
from alphazero.config import NetworkConfig
from alphazero.config.errors import explain
from alphazero.files import model_file, write_atomically
from alphazero.network.contents import KEY, Contents, digest_of, read_contents, shown
from alphazero.network.finite import require_finite_weights
from alphazero.network.inference import resolve_device
from alphazero.network.model import Network, for_game
from games import Game

__all__ = ["Model", "load_model", "save_model"]

FORMAT_VERSION = 1
ENCODING_VERSION = 1  # of games that do not state one
MAX_GAME_TEXT = 1000  # characters
# rules that may differ for a network that fits every board
SIZES = {"size", "rows", "cols", "komi", "max_plies"}


class Model(NamedTuple):
    """What a model's file holds.

    network:  the network, a torch module in evaluation mode: planes float32[n, P, H, W] to logits [n, A] and values
    game:     the game it plays
    metadata: what the file says about itself: format_version, game, encoding_version, network, provenance and others
    """

    network: Network
    game: Game
    metadata: dict[str, Any]


def save_model(
    path: str | os.PathLike[str],
    network: Network,
    game: Game,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write network and game to `path`, replacing what is there in one step; ValueError, OSError.

    `provenance` is any JSON-able mapping: run, generation, positions, commit. A reader, or a crash, sees the
    old file or the new one, never a part. Weights that are NaN or infinite are not written (NetworkError).
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
    require_finite_weights(tensors, str(path))
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
        metadata["sha256"] = digest_of(tensors, metadata)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: provenance cannot be written as JSON: {error}") from None
    write_atomically(path, safetensors.torch.save(tensors, {KEY: json.dumps(metadata)}))


def load_model(path: str | os.PathLike[str], device: str = "cpu", game: Game | None = None) -> Model:
    """Read a model that `save_model` wrote, a file or a run's folder; the network is in evaluation mode on `device`.

    ValueError, one line that names the file, when it is truncated, altered, something else, of another format
    version, or, where `game` is given, made for another game or rules; NetworkError when a weight is NaN or infinite. A
    network that fits every board may be given another size of its game, if the planes are the same. OSError when the
    file cannot be read.
    """
    path = model_file(path)
    target = resolve_device(device)
    contents = read_contents(path, FORMAT_VERSION)
    own_game, config = _described(path, contents.metadata)
    if config.blocks > len(contents.tensors):
        raise ValueError(
            f"{path}: weights do not fit the network it describes: {len(contents.tensors)} tensors, which are "
            f"too few for {config.blocks} blocks"
        )
    network = _without_weights(path, own_game, config)
    if game is not None and _fits(network, own_game, game):
        _check_game(path, contents.metadata, network, own_game, None)
        own_game, network = game, _without_weights(path, game, config)
    else:
        _check_game(path, contents.metadata, network, own_game, game)
    _give_weights(path, network, contents)
    network.name = str(path)
    return Model(network.to(target).eval(), own_game, contents.metadata)


def _described(path: Path, metadata: dict[str, Any]) -> tuple[Game, NetworkConfig]:
    """Return the game and the network's settings that a file names."""
    text = metadata["game"]
    if len(text) > MAX_GAME_TEXT:
        raise ValueError(f"{path}: cannot be used: a game of {len(text):,} characters, {shown(text)}")
    try:
        return games.parse(text), NetworkConfig.model_validate_json(json.dumps(metadata["network"]))
    except ValidationError as error:
        raise ValueError(f"{path}: cannot be used: network: {explain(error, NetworkConfig)}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: cannot be used: {shown(str(error), quoted=False)}") from None


def _without_weights(path: Path, game: Game, config: NetworkConfig) -> Network:
    """Return the network of a game whose tensors have shapes but take no memory, however large they are."""
    try:
        with torch.device("meta"):
            return for_game(game, config)
    except (ValueError, RuntimeError) as error:  # torch refuses more elements than it can count
        raise ValueError(f"{path}: cannot be used: {shown(str(error), quoted=False)}") from None


def _give_weights(path: Path, network: Network, contents: Contents) -> None:
    """Give the network its weights, once they are known to be those of such a network."""
    expected, given = network.state_dict(), contents.tensors
    problems = [f"{name} is missing" for name in expected if name not in given]
    problems += [f"{shown(name)} is too many" for name in given if name not in expected]
    for name in (name for name in expected if name in given):
        wanted, found = _kind_of(expected[name]), _kind_of(given[name])
        problems += [f"{name} is {found}, expected {wanted}"] * (wanted != found)
    if problems:
        more = f" and {len(problems) - 1} more" * (len(problems) > 1)
        raise ValueError(f"{path}: weights do not fit the network it describes: {problems[0]}{more}")
    require_finite_weights(given, str(path))
    for name, tensor in given.items():
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise ValueError(f"{path}: its weights are damaged: {name} holds a variance below 0")
    network.load_state_dict(given, assign=True)


def _kind_of(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"


def _fits(network: Network, own_game: Game, game: Game) -> bool:
    """Whether a network can play another size of its own game."""
    return network.fits_every_board and _game_kind(own_game) == _game_kind(game)


def _game_kind(game: Game) -> tuple[Any, ...]:
    """Return what must be equal for two boards of one game to share a network that fits every board."""
    lasting = game.num_actions - math.prod(game.policy_shape)  # a pass
    rules = tuple(sorted((name, rule) for name, rule in game.rules.items() if name not in SIZES))
    return game.name, rules, game.planes, len(game.policy_shape), game.policy_shape[0], lasting


def _check_game(
    path: Path, metadata: dict[str, Any], network: Network, own_game: Game, wanted: Game | None
) -> None:
    if wanted is not None and games.spec(wanted) != games.spec(own_game):
        raise ValueError(f"{path}: a model for {games.spec(own_game)}, not for {games.spec(wanted)}")
    if metadata["encoding_version"] != _encoding_version(own_game):
        raise ValueError(
            f"{path}: made for version {shown(metadata['encoding_version'])} of the planes of {own_game.name}, "
            f"this is version {_encoding_version(own_game)}: train it again"
        )
    shapes = [list(network.input_shape), list(network.policy_shape), network.num_actions]
    stored = [metadata["input_shape"], metadata["policy_shape"], metadata["num_actions"]]
    if stored != shapes:
        raise ValueError(
            f"{path}: made for input, policy and actions {shown(stored)}, {games.spec(own_game)} now has "
            f"{shapes}: train it again"
        )


def _encoding_version(game: Game) -> int:
    return int(getattr(game, "encoding_version", ENCODING_VERSION))
