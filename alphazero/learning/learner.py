"""The learner: one network, its optimizer, schedule and averaged weights; batches in, metrics out."""

import copy
import math
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from alphazero.config import Experiment, LearnerConfig
from alphazero.learning.losses import Loss
from alphazero.learning.ranks import Begin, Ranks, Restore, Step, ranks
from alphazero.learning.replicas import Replicas
from alphazero.learning.shared import SharedReplicas
from alphazero.network.inference import resolve_device
from alphazero.network.model import Network, for_game
from alphazero.network.variants import available_variants
from games.protocol import Game


class TrainingDiverged(RuntimeError):
    """Too many steps in a row had a loss or gradient that is NaN or infinite."""


class Learner:
    """Trains a network; what is minimised is given with each batch.

    config: a `LearnerConfig`; with `parts` each step's batch is learned from in so many parts side by side
    (`Replicas`), with 0 as a whole by all threads of torch, whose number then decides the last bits of a gradient.
    precision: "float32", or "bfloat16" for mixed precision with float32 weights.
    group: the processes that learn together, `parts` a multiple of their number; the leader's calls of `step` and
    `restore` are theirs too.
    """

    def __init__(
        self,
        network: Network,
        config: LearnerConfig,
        device: torch.device,
        precision: str = "float32",
        group: Ranks | None = None,
    ):
        self.config, self.device, self.precision = config, device, precision
        self.network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network) if config.averaging_decay > 0 else None
        self.optimizer = make_optimizer(self.network, config)
        self.group = group
        self.replicas = Replicas(self.network, config.parts) if config.parts and group is None else None
        self.shared = None if group is None else SharedReplicas(self.network, config.parts, group)
        self.steps = 0
        self.bad_steps = 0
        self._bad_in_a_row = 0

    @property
    def playing(self) -> Network:
        """Return the network that plays: the averaged weights where there are any."""
        return self.averaged if self.averaged is not None else self.network

    def learning_rate(self, progress: float) -> float:
        """Return the step size after `progress` in [0, 1] of the run, the warm-up included."""
        rate = self.config.learning_rate
        if self.config.schedule == "cosine":
            last = self.config.final_learning_rate_fraction
            rate *= last + (1.0 - last) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
        return rate * min(1.0, (self.steps + 1) / max(1, self.config.warmup_steps))

    def step(
        self, loss: Loss, batch: tuple[np.ndarray, ...], progress: float = 0.0
    ) -> dict[str, float] | None:
        """Take one step down the gradient of `loss` on a batch (a NamedTuple of arrays, its first the planes).

        Returns what the loss measured, gradient_norm and learning_rate; None when loss or gradient were not finite
        and the step was skipped. `progress` in [0, 1]: how much of the schedule is over. Raises TrainingDiverged
        after `max_bad_steps` such steps in a row, RanksLost where another process of the group is gone.
        """
        step = Step(loss, batch, len(batch[0]), progress)
        if self.group is not None and self.shared is not None:
            steps = self.shared.split(step)
            self.group.give(steps)
            step = steps[0]
        return self.step_on(step)

    def step_on(self, step: Step) -> dict[str, float] | None:
        """Take a step on this process's part of a batch; as `step`, which all processes of a group do at once."""
        self.network.train()
        statistics = [buffer.clone() for buffer in self.network.buffers()]
        total, measured = self._backward(step)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_clip or math.inf)
        if not math.isfinite(total + norm.item()):
            self._skip_step(statistics)
            return None
        self._bad_in_a_row = 0
        rate = self._update(step.progress)
        return {**measured, "gradient_norm": norm.item(), "learning_rate": rate}

    def _backward(self, step: Step) -> tuple[float, dict[str, float]]:
        """Give the parameters the gradient of a batch; return the loss and what else it measured."""
        loss, batch = step.loss, step.batch
        if self.shared is not None:
            return self.shared.backward(step, self._losses)
        if self.replicas is not None:
            return self.replicas.backward(loss, batch, self._losses)
        total, measured = self._losses(self.network, loss, batch)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        return total.item(), {name: value.item() for name, value in measured.items()}

    @torch.no_grad()
    def evaluate(self, loss: Loss, batch: tuple[np.ndarray, ...]) -> dict[str, float]:
        """Return what `loss` measures of the network as it is, in evaluation mode, without learning."""
        self.network.eval()
        _, measured = self._losses(self.network, loss, batch)
        return {name: value.item() for name, value in measured.items()}

    def _losses(
        self, network: Network, loss: Loss, batch: tuple[np.ndarray, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a network on a batch and what else it measured."""

        def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
                return network(planes.contiguous(memory_format=torch.channels_last))

        return loss(forward, self._on_device(batch))

    def _on_device(self, batch: tuple[np.ndarray, ...]) -> Any:
        return cast(Any, type(batch))(
            *(torch.from_numpy(array).to(self.device, non_blocking=True) for array in batch)
        )

    def _skip_step(self, statistics: list[Tensor]) -> None:
        """Count a bad step and leave the network as it was, the statistics of its normalisation included."""
        self.optimizer.zero_grad(set_to_none=True)
        for buffer, before in zip(self.network.buffers(), statistics, strict=True):
            buffer.copy_(before)
        self.bad_steps += 1
        self._bad_in_a_row += 1
        if self._bad_in_a_row >= self.config.max_bad_steps:
            raise TrainingDiverged(
                f"{self._bad_in_a_row} training steps in a row had a loss or gradient that is NaN or infinite: "
                'lower training.learning_rate or training.gradient_clip, or set network.precision="float32"'
            )

    def _update(self, progress: float) -> float:
        rate = self.learning_rate(progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.steps += 1
        if self.averaged is not None:
            average_weights(self.averaged, self.network, self.config.averaging_decay)
        return rate

    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs to go on exactly here."""
        return {
            "kind": self.config.optimizer,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "averaged": None if self.averaged is None else self.averaged.state_dict(),
            "steps": self.steps,
            "bad_steps": self.bad_steps,
            "bad_in_a_row": self._bad_in_a_row,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to what `state` returned, with the settings of now; ValueError when these are too different."""
        self.go_back(state)
        if self.group is not None:
            self.group.give([Restore(state)] * self.group.count)

    def go_back(self, state: dict[str, Any]) -> None:
        """Go back to what `state` returned in this process alone."""
        if state["kind"] != self.config.optimizer:
            raise ValueError(
                f"training.optimizer={self.config.optimizer!r}: the run began with {state['kind']!r} and "
                "has to go on with it"
            )
        load_weights(self.network, state["network"])
        load_optimizer(self.optimizer, state["optimizer"])
        set_hyperparameters(self.optimizer, self.config)
        if self.averaged is not None:
            averaged = state["averaged"]
            load_weights(self.averaged, state["network"] if averaged is None else averaged)
        counts = state["steps"], state["bad_steps"], state["bad_in_a_row"]
        if not all(isinstance(count, int) and count >= 0 for count in counts):
            raise ValueError(f"steps, bad_steps, bad_in_a_row are {counts}: expected whole numbers from 0")
        self.steps, self.bad_steps, self._bad_in_a_row = counts


def new_learner(game: Game, config: Experiment) -> Learner:
    """Return the learner of a fresh network for a game, the same for the same settings and seed.

    The processes that learn together with this one make theirs too. ValueError where they cannot share a batch.
    """
    precision = training_precision(config.network.precision, resolve_device(config.device))
    group = ranks()
    if group is not None:
        check_parts(config, group.count)
        group.give([Begin(config, precision)] * group.count)
    return build_learner(game, config, precision, group)


def build_learner(game: Game, config: Experiment, precision: str, group: Ranks | None) -> Learner:
    """Return the learner of a fresh network in a group of processes, which all do this at once."""
    torch.manual_seed(config.seed)
    return Learner(
        for_game(game, config.network), config.training, resolve_device(config.device), precision, group
    )


def check_parts(config: Experiment, count: int) -> None:
    """Raise ValueError where so many processes cannot share the parts of a batch evenly."""
    parts, size = config.training.parts, config.training.batch_size
    if parts == 0 or parts % count:
        raise ValueError(
            f"training.parts={parts}: {count} processes learn together and share the parts of a batch evenly: "
            f"set training.parts to {max(1, round(parts / count)) * count}, or start another number of processes"
        )
    if parts > size:
        raise ValueError(
            f"training.batch_size={size}: less than training.parts={parts}: set it to {parts} or more"
        )


def make_optimizer(network: nn.Module, config: LearnerConfig) -> torch.optim.Optimizer:
    """Return AdamW, or SGD with momentum, that decays weights but neither biases nor normalisation."""
    decayed = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in network.parameters() if parameter.dim() <= 1]
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.SGD
    optimizer = kind([{"params": decayed}, {"params": others}], lr=config.learning_rate)
    set_hyperparameters(optimizer, config)
    return optimizer


def set_hyperparameters(optimizer: torch.optim.Optimizer, config: LearnerConfig) -> None:
    """Give an optimizer of `make_optimizer` its settings, also after it has got back the state of an earlier one."""
    for group, decay in zip(optimizer.param_groups, (config.weight_decay, 0.0), strict=True):
        group["weight_decay"] = decay
        if config.optimizer == "adamw":
            group["betas"] = (config.momentum, 0.999)
        else:
            group["momentum"] = config.momentum


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load the state of an optimizer of the same kind and parameters; ValueError when it is another's."""
    expected = [set(group) for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    whole = all(parameter in optimizer.state for parameter in parameters) or not optimizer.state
    kept = whole and all(_fits(optimizer, parameter, values) for parameter, values in optimizer.state.items())
    if not kept or [set(group) for group in optimizer.param_groups] != expected:
        raise ValueError("the optimizer's state is that of another network or version")


def _fits(optimizer: torch.optim.Optimizer, parameter: Tensor, values: dict[str, Any]) -> bool:
    """Whether what an optimizer keeps of a parameter is what it would have made for it."""
    if isinstance(optimizer, torch.optim.SGD):
        values = {name: value for name, value in values.items() if value is not None}
        names, shapes = {"momentum_buffer"}, {}
    else:
        names, shapes = {"step", "exp_avg", "exp_avg_sq"}, {"step": torch.Size()}
        if set(values) != names:
            return False
    return set(values) <= names and all(
        isinstance(value, Tensor) and value.shape == shapes.get(name, parameter.shape)
        for name, value in values.items()
    )


def load_weights(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Load weights into a network; ValueError when they are those of another one."""
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise ValueError(
            "the weights are those of a network with other settings: go on with the [network] that the "
            "run began with"
        ) from None


@torch.no_grad()
def average_weights(averaged: nn.Module, network: nn.Module, decay: float) -> None:
    """Move averaged weights by 1 - decay towards the network's; statistics of normalisation are copied."""
    for mean, parameter in zip(averaged.parameters(), network.parameters(), strict=True):
        mean.lerp_(parameter, 1.0 - decay)
    for copied, buffer in zip(averaged.buffers(), network.buffers(), strict=True):
        copied.copy_(buffer)


def mean_metrics(rows: Iterable[dict[str, float] | None]) -> dict[str, float]:
    """Return the mean of each metric over the steps that were not skipped; nothing when all were."""
    kept = [row for row in rows if row is not None]
    return {name: sum(row[name] for row in kept) / len(kept) for name in kept[0]} if kept else {}


def training_precision(precision: str, device: torch.device) -> str:
    """Return "bfloat16" where the settings allow it and the processor computes it fast, else "float32"."""
    if precision == "float32":
        return "float32"
    fast = any(variant.dtype == torch.bfloat16 for variant in available_variants(device, "auto", False))
    return "bfloat16" if fast else "float32"
