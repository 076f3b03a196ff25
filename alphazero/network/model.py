"""The residual network: one trunk, a policy head and a value head.

After Silver et al. 2017 (AlphaGo Zero) and 2018 (AlphaZero), with two changes. Every layer of the heads but
the last is normalised, and the last layers start at zero: so a new network answers the uniform policy and the
value 0, and a high learning rate does not drive the tanh of the value into saturation within the first steps.
It knows no game: `for_game` reads the shapes that it needs from one.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from alphazero.config import NetworkConfig

__all__ = ["DenseHead", "ResidualBlock", "ResidualNetwork", "SquareHead", "ValueHead", "for_game"]


class ConvNorm(nn.Module):
    """A convolution without bias that keeps the board's size, then batch norm; no activation."""

    def __init__(self, in_channels: int, out_channels: int, size: int):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, size, padding=size // 2, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))


class ResidualBlock(nn.Module):
    """relu(x + second(y)) with y = relu(first(x)) and two 3x3 convolutions.

    With global pooling y becomes relu(y + b), b a linear layer, zero at first, of the means and maxima over the board
    of y's channels: so each square knows of all others (after Wu 2019, section 4.1; there b comes before the relu).
    """

    def __init__(self, channels: int, global_pooling: bool = False):
        super().__init__()
        self.pool = zero_(nn.Linear(2 * channels, channels)) if global_pooling else None
        self.first = ConvNorm(channels, channels, 3)
        self.second = ConvNorm(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.first(x))
        if self.pool is not None:
            y = shift_channels(y, self.pool.weight, self.pool.bias)
        return torch.relu(x + self.second(y))


class DenseHead(nn.Module):
    """Policy head for any set of actions: 1x1 convolution, then one linear layer over all squares."""

    def __init__(self, channels: int, hidden: int, num_squares: int, num_actions: int):
        super().__init__()
        self.conv = ConvNorm(channels, hidden, 1)
        self.linear = zero_(nn.Linear(hidden * num_squares, num_actions))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [B, A] of a trunk [B, C, rows, cols]."""
        return self.linear(torch.relu(self.conv(x)).flatten(1))


class SquareHead(nn.Module):
    """Policy head with some actions per square, action = plane * rows * cols + square, and perhaps a pass.

    Two 1x1 convolutions, so its size does not grow with the board; the pass, which stands on no square, is
    read from the mean and the maximum of each hidden channel over the board.
    """

    def __init__(self, channels: int, hidden: int, planes: int, has_pass: bool):
        super().__init__()
        self.conv = ConvNorm(channels, hidden, 1)
        self.linear = zero_(nn.Linear(hidden, planes))
        self.pass_move = zero_(nn.Linear(2 * hidden, 1)) if has_pass else None

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [B, A] of a trunk [B, C, rows, cols]; a pass is the last action."""
        squares = torch.relu(self.conv(x)).flatten(2).transpose(1, 2)
        logits = self.linear(squares).transpose(1, 2).flatten(1)
        if self.pass_move is None:
            return logits
        return torch.cat([logits, self.pass_move(pool_squares(squares))], dim=1)


class ValueHead(nn.Module):
    """Value head: 1x1 convolution, a hidden layer over all squares, or their mean and maximum, then 1 output or 3."""

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        num_squares: int,
        hidden: int,
        num_outputs: int,
        pooling: bool,
    ):
        super().__init__()
        self.pooling = pooling
        self.conv = ConvNorm(channels, hidden_channels, 1)
        self.hidden = nn.Linear(hidden_channels * (2 if pooling else num_squares), hidden, bias=False)
        self.norm = nn.BatchNorm1d(hidden)
        self.linear = zero_(nn.Linear(hidden, num_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return the last layer's outputs [B, num_outputs], before any tanh or softmax."""
        squares = torch.relu(self.conv(x))
        squares = pool_squares(squares.flatten(2).transpose(1, 2)) if self.pooling else squares.flatten(1)
        return self.linear(torch.relu(self.norm(self.hidden(squares))))


class ResidualNetwork(nn.Module):
    """Planes of a position, seen by the mover, to logits of its actions and its value for the mover.

    `input_shape` is (planes, rows, cols). `policy_shape` is (actions,) or, per square, (planes, rows, cols).
    `num_actions` is the product of `policy_shape` unless given; one more than a per-square product means that
    the last action is a pass. ValueError where these do not fit each other or the head that `config` names.
    """

    def __init__(
        self,
        input_shape: tuple[int, int, int],
        policy_shape: tuple[int, ...],
        config: NetworkConfig,
        num_actions: int | None = None,
    ):
        super().__init__()
        self.input_shape, self.policy_shape = _triple(input_shape), tuple(int(n) for n in policy_shape)
        self.config = config
        self.num_actions = math.prod(self.policy_shape) if num_actions is None else int(num_actions)
        self._check_policy_shape()
        planes, rows, cols = self.input_shape
        channels = config.channels
        self.stem = ConvNorm(planes, channels, 3)
        every = config.global_pooling or config.blocks + 1
        self.blocks = nn.ModuleList(
            ResidualBlock(channels, global_pooling=index % every == 0)
            for index in range(1, config.blocks + 1)
        )
        self.policy_head = self._make_policy_head(rows * cols)
        self.value_head = ValueHead(
            channels,
            config.value_channels,
            rows * cols,
            config.value_hidden,
            3 if config.value_head == "wdl" else 1,
            config.value_pooling,
        )

    @property
    def fits_every_board(self) -> bool:
        """Whether no weight depends on the size of the board."""
        return isinstance(self.policy_head, SquareHead) and self.config.value_pooling

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return (logits, value_output) of float32 planes [B, planes, rows, cols].

        logits float [B, num_actions], not masked; value_output float [B] in (-1, 1) (scalar head), or logits
        [B, 3] of win, draw and loss (wdl head). All for the player to move in each position.
        """
        x = self.trunk(planes)
        return self.policy_head(x), activate_value(self.value_head(x))

    def trunk(self, planes: Tensor) -> Tensor:
        """Return the features [B, channels, rows, cols] that both heads read."""
        x = torch.relu(self.stem(planes))
        for block in self.blocks:
            x = block(x)
        return x

    def value(self, value_output: Tensor) -> Tensor:
        """Return the expected result [B] in [-1, 1] for the mover that a `value_output` of forward means."""
        return expected_value(value_output)

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

    def _make_policy_head(self, num_squares: int) -> DenseHead | SquareHead:
        channels, hidden = self.config.channels, self.config.policy_channels
        if self.config.policy_head == "dense" or len(self.policy_shape) == 1:
            return DenseHead(channels, hidden, num_squares, self.num_actions)
        has_pass = self.num_actions > math.prod(self.policy_shape)
        return SquareHead(channels, hidden, self.policy_shape[0], has_pass)


def for_game(game: Any, config: NetworkConfig) -> ResidualNetwork:
    """Return a new network with the shapes of `game`, on the CPU, in training mode."""
    return ResidualNetwork((game.planes, *game.board_shape), game.policy_shape, config, game.num_actions)


def activate_value(outputs: Tensor) -> Tensor:
    """Return [B] = tanh of outputs [B, 1], or outputs [B, 3] unchanged (win, draw, loss logits)."""
    return torch.tanh(outputs).squeeze(1) if outputs.shape[1] == 1 else outputs


def expected_value(value_output: Tensor) -> Tensor:
    """Return [B] in [-1, 1] for the mover: values [B] themselves, or P(win) - P(loss) of logits [B, 3]."""
    if value_output.dim() == 1:
        return value_output
    probabilities = torch.softmax(value_output, dim=1)
    return probabilities[:, 0] - probabilities[:, 2]


def pool_squares(squares: Tensor) -> Tensor:
    """Return [B, 2C]: mean and maximum over the squares of [B, squares, C]."""
    return torch.cat([squares.mean(dim=1), squares.amax(dim=1)], dim=1)


def shift_channels(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return relu(features + b) of features [B, C, rows, cols], b a linear layer of `pool_squares`, one per channel."""
    pooled = pool_squares(features.permute(0, 2, 3, 1).flatten(1, 2))
    return torch.relu(features + functional.linear(pooled, weight, bias)[:, :, None, None])


def zero_(layer: nn.Linear) -> nn.Linear:
    """Set a layer's weight and bias to zero, in place, and return it."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _triple(shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"input_shape {tuple(shape)}: expected (planes, rows, cols), each at least 1")
    planes, rows, cols = (int(n) for n in shape)
    return planes, rows, cols
