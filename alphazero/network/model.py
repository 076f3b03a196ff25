"""The network: a trunk of parts and the heads that read its features.

After Silver et al. 2017 (AlphaGo Zero) and 2018 (AlphaZero), with two changes. Every layer of the heads but
the last is normalised, and the last layers start at zero: so a new network answers the uniform policy and the
value 0, and a high learning rate does not drive the tanh of the value into saturation within the first steps.
It knows no game: `for_game` reads the shapes that it needs from one.
"""

import math
from typing import cast

from torch import Tensor, nn

from alphazero.config import NetworkConfig
from alphazero.network.heads import DenseHead, Head, SquareHead, ValueHead, expected_value
from alphazero.network.layers import FoldedHead, FoldedPart
from alphazero.network.trunks import BLOCKS, Stem, TrunkPart
from games import Game

__all__ = ["Network", "for_game"]


class Network(nn.Module):
    """Planes of a position, seen by the mover, to logits of its actions and its value for the mover.

    `input_shape` is (planes, rows, cols). `policy_shape` is (actions,) or, per square, (planes, rows, cols).
    `num_actions` is the product of `policy_shape` unless given; one more than a per-square product means that
    the last action is a pass. Either head may be missing (`config.policy_head`, `config.value_head` "none"). `name` is
    what messages call it. ValueError where shapes do not fit each other or the head that `config` names.
    """

    def __init__(
        self,
        input_shape: tuple[int, int, int],
        policy_shape: tuple[int, ...],
        config: NetworkConfig,
        num_actions: int | None = None,
    ):
        super().__init__()
        self.name = "the network"
        self.input_shape, self.policy_shape = _triple(input_shape), tuple(int(n) for n in policy_shape)
        self.config = config
        self.num_actions = math.prod(self.policy_shape) if num_actions is None else int(num_actions)
        self._check_policy_shape()
        block, every = BLOCKS[config.trunk], config.global_pooling or config.blocks + 1
        self.stem = Stem(self.input_shape[0], config.channels, 3)
        self.blocks = nn.ModuleList(
            block(config.channels, global_pooling=index % every == 0) for index in range(1, config.blocks + 1)
        )
        self.policy_head = self._make_policy_head()
        self.value_head = self._make_value_head()

    @property
    def fits_every_board(self) -> bool:
        """Whether no weight depends on the size of the board."""
        return all(head.fits_every_board for head in self._heads.values())

    @property
    def has_policy(self) -> bool:
        """Whether it answers logits."""
        return self.policy_head is not None

    @property
    def has_value(self) -> bool:
        """Whether it answers values."""
        return self.value_head is not None

    def forward(self, planes: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return (logits, value_output) of float32 planes [B, planes, rows, cols]; None for a head that is missing.

        logits float [B, num_actions], not masked; value_output float [B] in (-1, 1) (scalar head), or logits
        [B, 3] of win, draw and loss (wdl head). All for the player to move in each position.
        """
        x = self.trunk(planes)
        answers = {name: head(x) for name, head in self._heads.items()}
        return answers.get("policy"), answers.get("value")

    def trunk(self, planes: Tensor) -> Tensor:
        """Return the features [B, channels, rows, cols] that all heads read."""
        x = planes
        for part in self._trunk.values():
            x = part(x)
        return x

    def value(self, value_output: Tensor) -> Tensor:
        """Return the expected result [B] in [-1, 1] for the mover that a `value_output` of forward means."""
        return expected_value(value_output)

    def fold_trunk(self) -> dict[str, FoldedPart]:
        """Return the parts of the trunk for inference, in their order, by name."""
        return {name: part.fold() for name, part in self._trunk.items()}

    def fold_heads(self) -> dict[str, FoldedHead]:
        """Return the heads for inference: "policy" and "value", those that there are."""
        return {name: head.fold() for name, head in self._heads.items()}

    @property
    def _trunk(self) -> dict[str, TrunkPart]:
        blocks = {str(index): cast(TrunkPart, block) for index, block in enumerate(self.blocks)}
        return {"stem": self.stem, **blocks}

    @property
    def _heads(self) -> dict[str, Head]:
        heads: dict[str, Head | None] = {"policy": self.policy_head, "value": self.value_head}
        return {name: head for name, head in heads.items() if head is not None}

    def _check_policy_shape(self) -> None:
        product, per_square = math.prod(self.policy_shape), len(self.policy_shape) == 3
        if not per_square and len(self.policy_shape) != 1:
            raise ValueError(f"policy_shape {self.policy_shape}: expected (actions,) or (planes, rows, cols)")
        if per_square and self.policy_shape[1:] != self.input_shape[1:]:
            raise ValueError(
                f"policy_shape {self.policy_shape}: expected rows and cols of the input, "
                f"{self.input_shape[1:]}"
            )
        if self.num_actions != product and not (per_square and self.num_actions == product + 1):
            allowed = f"{product} or, with a pass, {product + 1}" if per_square else str(product)
            raise ValueError(
                f"num_actions {self.num_actions}: policy_shape {self.policy_shape} makes {allowed}"
            )
        if self.config.policy_head == "square" and not per_square:
            raise ValueError(
                f"network.policy_head 'square' needs a policy of (planes, rows, cols), this game's is "
                f"{self.policy_shape}: use 'dense' or 'auto'"
            )

    def _make_policy_head(self) -> DenseHead | SquareHead | None:
        kind, channels, hidden = self.config.policy_head, self.config.channels, self.config.policy_channels
        if kind == "none":
            return None
        if kind == "dense" or len(self.policy_shape) == 1:
            return DenseHead(channels, hidden, math.prod(self.input_shape[1:]), self.num_actions)
        has_pass = self.num_actions > math.prod(self.policy_shape)
        return SquareHead(channels, hidden, self.policy_shape[0], has_pass)

    def _make_value_head(self) -> ValueHead | None:
        config = self.config
        if config.value_head == "none":
            return None
        return ValueHead(
            config.channels,
            config.value_channels,
            math.prod(self.input_shape[1:]),
            config.value_hidden,
            3 if config.value_head == "wdl" else 1,
            config.value_pooling,
        )


def for_game(game: Game, config: NetworkConfig) -> Network:
    """Return a new network with the shapes of `game`, on the CPU, in training mode."""
    return Network((game.planes, *game.board_shape), game.policy_shape, config, game.num_actions)


def _triple(shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"input_shape {tuple(shape)}: expected (planes, rows, cols), each at least 1")
    planes, rows, cols = (int(n) for n in shape)
    return planes, rows, cols
