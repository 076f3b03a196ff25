"""The learner: one network, its optimizer, schedule and averaged weights; batches in, metrics out."""

import copy
import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from alphazero.data.window import Samples
from alphazero.learning import losses
from alphazero.network.model import Network


class TrainingDiverged(RuntimeError):
    """Too many steps in a row had a loss or gradient that is NaN or infinite."""


class StepMetrics(NamedTuple):
    """What one step, or the mean of several, measured."""

    policy_loss: float  # nats
    value_loss: float
    policy_entropy: float  # nats
    value_accuracy: float  # share of decided games whose winner the value's sign names
    gradient_norm: float
    learning_rate: float


class Trainer:
    """Trains a network on samples of self-play.

    config: a `TrainingConfig`; precision: "float32", or "bfloat16" for mixed precision with float32 weights.
    """

    def __init__(self, network: Network, config: Any, device: torch.device, precision: str = "float32"):
        self.config, self.device, self.precision = config, device, precision
        self.network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network) if config.averaging_decay > 0 else None
        self.optimizer = make_optimizer(self.network, config)
        self.steps = 0
        self.bad_steps = 0
        self._bad_in_a_row = 0

    @property
    def player(self) -> Network:
        """Return the network that plays: the averaged weights where there are any."""
        return self.averaged if self.averaged is not None else self.network

    def learning_rate(self, progress: float) -> float:
        """Return the step size after `progress` in [0, 1] of the run, the warm-up included."""
        rate = self.config.learning_rate
        if self.config.schedule == "cosine":
            last = self.config.final_learning_rate_fraction
            rate *= last + (1.0 - last) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
        return rate * min(1.0, (self.steps + 1) / max(1, self.config.warmup_steps))

    def step(self, samples: Samples, progress: float = 0.0) -> StepMetrics | None:
        """Train on one batch; None when loss or gradient were not finite and the step was skipped.

        Raises TrainingDiverged after `max_bad_steps` such steps in a row.
        """
        self.network.train()
        statistics = [buffer.clone() for buffer in self.network.buffers()]
        planes, policy, value, result, legal_mask = self._tensors(samples)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            logits, output = self.network(planes)
        log_policy = losses.masked_log_policy(logits, legal_mask)
        policy_loss = losses.policy_loss(log_policy, policy)
        value_loss = losses.value_loss(output, value)
        self.optimizer.zero_grad(set_to_none=True)
        (policy_loss + self.config.value_weight * value_loss).backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_clip or math.inf)
        if not math.isfinite(policy_loss.item() + value_loss.item() + norm.item()):
            self._skip_step(statistics)
            return None
        self._bad_in_a_row = 0
        rate = self._update(progress)
        with torch.no_grad():
            accuracy = winner_accuracy(self.network.value(output.float()), result)
            entropy = losses.policy_entropy(log_policy).item()
        return StepMetrics(policy_loss.item(), value_loss.item(), entropy, accuracy, norm.item(), rate)

    @torch.no_grad()
    def evaluate(self, samples: Samples) -> dict[str, float]:
        """Return policy_loss and value_loss of the network as it is, in evaluation mode, without learning."""
        self.network.eval()
        planes, policy, value, _, legal_mask = self._tensors(samples)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            logits, output = self.network(planes)
        log_policy = losses.masked_log_policy(logits, legal_mask)
        return {
            "policy_loss": losses.policy_loss(log_policy, policy).item(),
            "value_loss": losses.value_loss(output, value).item(),
        }

    def _tensors(self, samples: Samples) -> list[Tensor]:
        tensors = [torch.from_numpy(array).to(self.device, non_blocking=True) for array in samples]
        tensors[0] = tensors[0].contiguous(memory_format=torch.channels_last)
        return tensors

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
        if state["kind"] != self.config.optimizer:
            raise ValueError(
                f"training.optimizer={self.config.optimizer!r}: the run began with {state['kind']!r} and "
                "has to go on with it"
            )
        load_weights(self.network, state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        set_hyperparameters(self.optimizer, self.config)
        if self.averaged is not None:
            load_weights(self.averaged, state["averaged"] or state["network"])
        self.steps, self.bad_steps = state["steps"], state["bad_steps"]
        self._bad_in_a_row = state["bad_in_a_row"]


def make_optimizer(network: nn.Module, config: Any) -> torch.optim.Optimizer:
    """Return AdamW, or SGD with momentum, that decays weights but neither biases nor normalisation."""
    decayed = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in network.parameters() if parameter.dim() <= 1]
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.SGD
    optimizer = kind([{"params": decayed}, {"params": others}], lr=config.learning_rate)
    set_hyperparameters(optimizer, config)
    return optimizer


def set_hyperparameters(optimizer: torch.optim.Optimizer, config: Any) -> None:
    """Give an optimizer of `make_optimizer` its settings, also after it has got back the state of an earlier one."""
    for group, decay in zip(optimizer.param_groups, (config.weight_decay, 0.0), strict=True):
        group["weight_decay"] = decay
        if config.optimizer == "adamw":
            group["betas"] = (config.momentum, 0.999)
        else:
            group["momentum"] = config.momentum


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


def winner_accuracy(values: Tensor, result: Tensor) -> float:
    """Return the share of decided results int8[B] whose sign values float32[B] has; NaN when none is decided."""
    decided = result != 0
    return (torch.sign(values[decided]) == result[decided]).float().mean().item()


def mean_metrics(rows: list[StepMetrics]) -> StepMetrics:
    """Return the mean of each metric over steps; NaN when there are none."""
    if not rows:
        return StepMetrics(*[math.nan] * len(StepMetrics._fields))
    return StepMetrics(*(sum(column) / len(rows) for column in zip(*rows, strict=True)))
