"""The learner: schedule, decay, clipping, averages, bad steps, and going on to the bit."""

import math

import numpy as np
import pytest
import torch

from alphazero.config import NetworkConfig, TrainingConfig
from alphazero.data.samples import Samples
from alphazero.learning.learner import Learner, TrainingDiverged, mean_metrics
from alphazero.learning.losses import policy_value_loss, winner_accuracy
from alphazero.network.model import for_game
from alphazero.run.checkpoints import load_learner, save_learner
from tests.run.runs import tensors

LOSS = policy_value_loss(1.0)
NETWORK = {"blocks": 1, "channels": 4, "value_hidden": 8}


@pytest.fixture
def make(tic_tac_toe):
    """Return a function that makes a trainer of a small network, always the same."""

    def trainer(network=None, precision="float32", **settings) -> Learner:
        torch.manual_seed(3)
        config = TrainingConfig(**{"warmup_steps": 0, "weight_decay": 0.0, "gradient_clip": 0.0, **settings})
        model = for_game(tic_tac_toe, NetworkConfig(**{**NETWORK, **(network or {})}))
        for parameter in model.parameters():  # the last layers begin at zero: give everything a gradient
            torch.nn.init.normal_(parameter, std=0.3)
        return Learner(model, config, torch.device("cpu"), precision)

    return trainer


def samples(seed: int = 0, n: int = 16) -> Samples:
    rng = np.random.default_rng(seed)
    mask = rng.random((n, 9)) < 0.7
    mask[:, 0] = True
    policy = rng.random((n, 9)).astype(np.float32) * mask
    return Samples(
        rng.integers(0, 2, (n, 2, 3, 3)).astype(np.float32),
        policy / policy.sum(axis=1, keepdims=True),
        rng.uniform(-1, 1, n).astype(np.float32),
        rng.integers(-1, 2, n).astype(np.int8),
        mask,
    )


def everything(trainer: Learner) -> dict[str, bytes]:
    return dict(tensors(trainer.state(), ""))


def weights(trainer: Learner) -> torch.Tensor:
    return torch.cat([parameter.detach().reshape(-1) for parameter in trainer.network.parameters()])


# The step size


def test_the_step_size_rises_linearly_over_the_warm_up(make):
    trainer = make(warmup_steps=4, learning_rate=0.02)
    rates = [trainer.step(LOSS, samples())["learning_rate"] for _ in range(6)]
    assert rates == pytest.approx([0.005, 0.01, 0.015, 0.02, 0.02, 0.02])
    assert all(group["lr"] == pytest.approx(0.02) for group in trainer.optimizer.param_groups)


@pytest.mark.parametrize(
    "progress, share",
    [(0.0, 1.0), (0.25, 0.9 * (0.5 + math.sqrt(0.125)) + 0.1), (0.5, 0.55), (1.0, 0.1), (1.3, 0.1)],
)
def test_the_cosine_schedule_falls_from_the_first_to_the_last_step_size(make, progress, share):
    trainer = make(schedule="cosine", learning_rate=0.02, final_learning_rate_fraction=0.1)
    assert trainer.learning_rate(progress) == pytest.approx(0.02 * share)
    assert make(learning_rate=0.02).learning_rate(progress) == pytest.approx(0.02)


# The optimizer


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_weights_decay_and_biases_and_normalisation_do_not(make, optimizer):
    trainer = make(optimizer=optimizer, weight_decay=0.1)
    decayed, others = trainer.optimizer.param_groups
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    assert all(parameter.dim() > 1 for parameter in decayed["params"])
    assert all(parameter.dim() == 1 for parameter in others["params"])
    both = [id(parameter) for parameter in decayed["params"] + others["params"]]
    assert sorted(both) == sorted(id(parameter) for parameter in trainer.network.parameters())


def test_a_gradient_is_clipped_to_the_norm_asked_for_and_its_own_norm_is_reported(make):
    moved = {}
    for clip in (0.0, 1e-3):
        trainer = make(optimizer="sgd", momentum=0.0, learning_rate=1.0, gradient_clip=clip)
        before = weights(trainer)
        norm = trainer.step(LOSS, samples())["gradient_norm"]
        moved[clip] = torch.linalg.vector_norm(weights(trainer) - before).item()
    assert moved[0.0] == pytest.approx(norm, rel=1e-4) and norm > 0.1
    assert moved[1e-3] == pytest.approx(1e-3, rel=1e-3)


def test_the_value_loss_has_the_weight_asked_for(make):
    def step(weight: float) -> torch.Tensor:
        trainer = make(optimizer="sgd", momentum=0.0, learning_rate=1.0)
        before = weights(trainer)
        trainer.step(policy_value_loss(weight), samples())
        return weights(trainer) - before

    policy, both, double = step(0.0), step(1.0), step(2.0)
    assert torch.allclose(double - policy, 2 * (both - policy), atol=1e-5)
    assert torch.linalg.vector_norm(both - policy) > 1e-2


def test_averaged_weights_follow_at_the_rate_asked_for(make):
    trainer = make(averaging_decay=0.75, learning_rate=0.01)
    first = [parameter.detach().clone() for parameter in trainer.averaged.parameters()]
    trainer.step(LOSS, samples())
    for old, new, mean in zip(
        first, trainer.network.parameters(), trainer.averaged.parameters(), strict=True
    ):
        assert torch.allclose(mean, 0.75 * old + 0.25 * new, atol=1e-6)
    for buffer, copied in zip(trainer.network.buffers(), trainer.averaged.buffers(), strict=True):
        assert torch.equal(buffer, copied)
    assert trainer.playing is trainer.averaged
    assert make().playing is not None and make().averaged is None


def test_steps_on_one_batch_bring_its_loss_down(make):
    for settings in ({}, {"optimizer": "sgd"}, {"precision": "bfloat16"}, {"averaging_decay": 0.5}):
        trainer = make(**{"learning_rate": 0.02, **settings})
        rows = [trainer.step(LOSS, samples()) for _ in range(40)]
        assert (
            rows[-1]["policy_loss"] < rows[0]["policy_loss"]
            and rows[-1]["value_loss"] < 0.5 * rows[0]["value_loss"]
        )
        assert trainer.steps == 40


def test_a_win_draw_loss_head_learns_too(make):
    trainer = make(network={"value_head": "wdl"})
    rows = [trainer.step(LOSS, samples()) for _ in range(40)]
    assert rows[-1]["value_loss"] < rows[0]["value_loss"]


# Steps that are not finite


def with_nan(field: str) -> Samples:
    good = samples()
    array = getattr(good, field).copy()
    array.reshape(-1)[0] = np.nan
    return good._replace(**{field: array})


@pytest.mark.parametrize("field", ["planes", "policy", "value"])
def test_a_step_that_is_not_finite_is_skipped_and_counted_and_changes_nothing(make, field):
    trainer = make(averaging_decay=0.9)
    trainer.step(LOSS, samples())
    before = everything(trainer)
    assert trainer.step(LOSS, with_nan(field)) is None
    assert trainer.bad_steps == 1 and trainer.steps == 1
    after = everything(trainer)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {".bad_steps", ".bad_in_a_row"}
    twin = make(averaging_decay=0.9)
    twin.step(LOSS, samples()), twin.step(LOSS, samples(1)), trainer.step(LOSS, samples(1))
    assert all(
        torch.equal(a, b)
        for a, b in zip(
            trainer.network.state_dict().values(), twin.network.state_dict().values(), strict=True
        )
    )


def test_training_stops_after_so_many_bad_steps_in_a_row_and_says_what_to_do(make):
    trainer = make(max_bad_steps=3)
    for _ in range(4):
        trainer.step(LOSS, with_nan("value"))
        trainer.step(LOSS, with_nan("value"))
        trainer.step(LOSS, samples())
    assert trainer.bad_steps == 8
    trainer.step(LOSS, with_nan("value")), trainer.step(LOSS, with_nan("value"))
    with pytest.raises(
        TrainingDiverged, match="^3 training steps in a row .* lower training.learning_rate"
    ) as error:
        trainer.step(LOSS, with_nan("value"))
    assert "\n" not in str(error.value)


def test_an_infinite_weight_stops_the_training(make):
    trainer = make(max_bad_steps=2)
    with torch.no_grad():
        next(trainer.network.parameters())[0, 0, 0, 0] = torch.inf
    assert trainer.step(LOSS, samples()) is None
    with pytest.raises(TrainingDiverged):
        trainer.step(LOSS, samples(1))


def test_an_infinite_gradient_of_a_finite_loss_is_skipped(make):
    trainer = make(value_weight=1e3)
    before = weights(trainer)
    for parameter in trainer.network.parameters():
        parameter.register_hook(lambda gradient: gradient * 1e38 * 1e38)
        break
    assert trainer.step(LOSS, samples()) is None
    assert torch.equal(weights(trainer), before)


# Going on


@pytest.mark.parametrize("settings", [{}, {"averaging_decay": 0.9}, {"optimizer": "sgd"}], ids=str)
def test_a_restored_trainer_goes_on_to_the_bit(make, tmp_path, settings):
    whole = make(warmup_steps=5, **settings)
    for seed in range(3):
        whole.step(LOSS, samples(seed))
    save_learner(tmp_path / "learner.pt", whole.state())
    resumed = make(warmup_steps=5, **settings)
    resumed.step(LOSS, samples(9))  # what it did before does not matter
    resumed.restore(load_learner(tmp_path / "learner.pt"))
    for seed in range(3, 6):
        assert whole.step(LOSS, samples(seed), 0.5) == resumed.step(LOSS, samples(seed), 0.5)
    assert everything(whole) == everything(resumed)


@pytest.mark.parametrize(
    "optimizer, changes",
    [
        ("adamw", {"momentum": 0.5}),
        ("sgd", {"momentum": 0.5}),
        ("adamw", {"weight_decay": 0.3}),
        ("sgd", {"weight_decay": 0.3}),
    ],
)
def test_settings_that_were_changed_between_count_after_a_restore(make, optimizer, changes):
    first = make(optimizer=optimizer)
    first.step(LOSS, samples())
    second = make(optimizer=optimizer, **changes)
    expected = [
        {key: value for key, value in group.items() if key != "params"}
        for group in second.optimizer.param_groups
    ]
    second.restore(first.state())
    found = [
        {key: value for key, value in group.items() if key != "params"}
        for group in second.optimizer.param_groups
    ]
    assert [{**group, "lr": 0} for group in found] == [{**group, "lr": 0} for group in expected]


def test_averaging_may_begin_and_end_between_two_processes(make):
    plain, averaging = make(), make(averaging_decay=0.9)
    plain.step(LOSS, samples()), averaging.step(LOSS, samples(1))
    make().restore(averaging.state())
    averaging.restore(plain.state())
    assert all(
        torch.equal(a, b)
        for a, b in zip(averaging.averaged.parameters(), plain.network.parameters(), strict=True)
    )


def test_the_state_of_another_optimizer_or_network_is_refused(make):
    state = make().state()
    with pytest.raises(ValueError, match="training.optimizer='sgd': the run began with 'adamw'"):
        make(optimizer="sgd").restore(state)
    with pytest.raises(ValueError, match=r"a network with other settings: go on with the \[network\]"):
        make(network={"channels": 8}).restore(state)


# What is measured


def test_the_winner_is_counted_in_decided_games_only():
    values, results = torch.tensor([0.3, -0.2, 0.9, 0.1]), torch.tensor([1, 1, 0, -1])
    assert winner_accuracy(values, results).item() == pytest.approx(1 / 3)
    assert math.isnan(winner_accuracy(values, torch.zeros(4)))


def test_skipped_steps_take_no_part_in_the_mean():
    rows = [{"loss": 1.0, "rate": 6.0}, None, {"loss": 3.0, "rate": 7.0}]
    assert mean_metrics(rows) == {"loss": 2.0, "rate": 6.5}
    assert mean_metrics([None]) == mean_metrics([]) == {}
