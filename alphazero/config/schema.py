"""Every setting of an experiment: its type, range, default and meaning.

A default stands here (those of fleets in `distributed.py`) and nowhere else. Whether the game and the players named
in the settings exist is asked by those who make them: this file knows no game, and imports neither numba nor torch.

Published values in the descriptions: AGZ is AlphaGo Zero (Silver et al. 2017), AZ is AlphaZero (Silver et al.
2018), AlphaGo is Silver et al. 2016, KataGo is Wu 2019, Gumbel is Danihelka et al. 2022.
"""

from __future__ import annotations

from typing import Literal

import tomli_w
from pydantic import model_validator

from alphazero.config.distributed import DistributedConfig
from alphazero.config.section import Fraction, Settings, Texts, setting
from games.options import MAX_SEED


class NetworkConfig(Settings):
    """The network: a trunk of blocks, a policy head and a value head."""

    trunk: Literal["residual", "plain"] = setting(
        "residual", "residual: each block adds to what it reads (AGZ, AZ); plain: without that (AlphaGo)."
    )
    blocks: int = setting(
        5, "Blocks in the trunk, each of two 3x3 convolutions. AGZ: 19 or 39; AZ: 19.", ge=0, le=200
    )
    channels: int = setting(64, "Channels of the trunk. AGZ, AZ: 256.", ge=1, le=4096)
    global_pooling: int = setting(
        0,
        "Every so many blocks, one whose channels are shifted by the mean and maximum of all over the board; 0: "
        "none. KataGo: about 3.",
        ge=0,
        le=200,
    )
    policy_head: Literal["auto", "dense", "square", "none"] = setting(
        "auto",
        "dense: a linear layer over all squares (AGZ); square: a 1x1 convolution, planes x squares "
        "(AZ chess); auto: square where the game's policy has the shape of its board; none: no policy.",
    )
    policy_channels: int = setting(
        32, "Channels inside the policy head. AGZ: 2; AZ chess: 256.", ge=1, le=4096
    )
    value_head: Literal["scalar", "wdl", "none"] = setting(
        "scalar", "scalar: one tanh output in (-1, 1) (AGZ, AZ); wdl: win, draw, loss; none: no value."
    )
    value_channels: int = setting(32, "Channels of the value head's convolution. AGZ: 1.", ge=1, le=4096)
    value_hidden: int = setting(64, "Hidden units of the value head. AGZ, AZ: 256.", ge=1, le=65536)
    value_pooling: bool = setting(
        False,
        "The value head reads means and maxima over the board, not each square; with policy_head square a network "
        "then plays on boards of every size.",
    )
    precision: Literal["auto", "float32", "bfloat16", "int8"] = setting(
        "auto",
        "Number format of inference; auto: the fastest one in a short measurement at start. int8, for processors with "
        "AVX2, is a candidate of auto only where there is no bfloat16.",
    )
    compile: bool = setting(False, "Compile inference with torch.compile (20 s at start on a CPU).")

    @model_validator(mode="after")
    def _answers_something(self) -> NetworkConfig:
        if self.policy_head == self.value_head == "none":
            raise ValueError("policy_head and value_head are both none: a network needs one of them")
        return self


class SearchConfig(Settings):
    """The tree search: selection rule, root noise, budget, memory."""

    rule: Literal["alphazero", "puct", "alphago", "uct"] = setting(
        "alphazero",
        "How an action is selected: alphazero (growing exploration), puct (AGZ, constant c_puct), "
        "alphago (rho*prior/(1+visits)), uct (Kocsis and Szepesvari 2006).",
    )
    simulations: int = setting(32, "Simulations a move. AGZ: 1600; AZ: 800.", ge=1, le=10_000_000)
    c_init: float = setting(1.25, "Exploration of rule alphazero at few visits. AZ: 1.25.", ge=0.0, le=1000.0)
    c_base: float = setting(
        19652.0, "Visits over which exploration of rule alphazero grows. AZ: 19652.", gt=0.0, le=1e12
    )
    c_puct: float = setting(1.5, "Exploration of rule puct. AlphaGo: 5; ELF OpenGo: 1.5.", ge=0.0, le=1000.0)
    rho: float = setting(5.0, "Exploration of rule alphago. AlphaGo: 5.", ge=0.0, le=1000.0)
    c_uct: float = setting(
        1.4, "Exploration of rule uct. UCB1: sqrt(2) for values in [0, 1].", ge=0.0, le=1000.0
    )
    opponent_exploration: float = setting(
        1.0,
        "Exploration where the opponent of the root's player is to move, times that elsewhere. AGZ, AZ: 1.",
        ge=0.0,
        le=1000.0,
    )
    fpu: Literal["parent", "constant"] = setting(
        "parent",
        "Value of an action without visits: parent (of the position, less fpu_reduction), constant "
        "(fpu_value). AZ: constant, a loss. KataGo: parent.",
    )
    fpu_value: float = setting(0.0, "Value, for the mover, that fpu constant gives. AZ: -1.", ge=-1.0, le=1.0)
    fpu_reduction: float = setting(
        0.2, "What fpu parent takes off, times the root of the prior visited. KataGo: 0.2.", ge=0.0, le=2.0
    )
    root_noise_fraction: Fraction = setting(
        0.25, "Share of Dirichlet noise in the root's priors in self-play. AGZ, AZ: 0.25."
    )
    dirichlet_alpha: float = setting(
        1.0, "Concentration of the noise; about 10 / legal moves. AZ: 0.3 chess, 0.03 Go.", gt=0.0, le=1000.0
    )
    forced_visits: float = setting(
        0.0,
        "k of forced root visits, sqrt(k P sum N), that are pruned from targets again; 0: none. KataGo: 2.",
        ge=0.0,
        le=1000.0,
    )
    gumbel: bool = setting(False, "Gumbel root search with sequential halving instead of Dirichlet noise.")
    gumbel_considered: int = setting(
        16, "Root actions that Gumbel search samples. Gumbel: 16.", ge=1, le=65536
    )
    gumbel_c_visit: float = setting(50.0, "c_visit of the transform of Q. Gumbel: 50.", ge=0.0, le=1e6)
    gumbel_c_scale: float = setting(1.0, "c_scale of the transform of Q. Gumbel: 1.", gt=0.0, le=1e6)
    reuse_subtree: bool = setting(True, "Keep the subtree of the move that was played. AGZ, AZ: yes.")
    prove: bool = setting(False, "Carry proven wins, draws and losses up the tree (MCTS-solver).")
    virtual_loss: float = setting(
        1.0, "Losses counted on a path while its leaf is evaluated. AlphaGo: 3; AGZ: 1.", ge=0.0, le=1000.0
    )
    leaves: int = setting(
        8, "Leaves collected from one tree for one batch when few games are searched. AGZ: 8.", ge=1, le=4096
    )
    cache_mb: float = setting(64.0, "Bound of the evaluation cache, in MB; 0: no cache.", ge=0.0, le=1e6)
    memory_mb: float = setting(1024.0, "Bound of all search trees together, in MB.", gt=0.0, le=1e7)

    @model_validator(mode="after")
    def _only_puct_is_forced(self) -> SearchConfig:
        if self.gumbel and self.forced_visits > 0.0:
            raise ValueError(
                f"forced_visits={self.forced_visits} belongs to searches with Dirichlet noise: set it to 0 "
                "with gumbel=true"
            )
        return self


class SelfplayConfig(Settings):
    """How games of self-play are played and stored."""

    parallel_games: int = setting(256, "Games played at once. AZ: 5000 workers.", ge=1, le=1_000_000)
    workers: int = setting(
        0,
        "Threads that play, each with a part of the games and a network of its own; 0: as many as there are cores when "
        "the run begins, then fixed.",
        ge=0,
        le=4096,
    )
    groups: int = setting(
        1,
        "Groups of games of a worker; one is searched while another is evaluated. CPU: 1; GPU: 2.",
        ge=1,
        le=64,
    )
    temperature: float = setting(1.0, "Temperature of the first moves. AGZ, AZ: 1.", ge=0.0, le=100.0)
    temperature_plies: int = setting(10, "Plies that use it. AGZ: 30; AZ: the whole game.", ge=0, le=100_000)
    temperature_final: float = setting(
        0.0, "Temperature afterwards. AGZ: 0 (the best move).", ge=0.0, le=100.0
    )
    full_search_fraction: Fraction = setting(
        1.0,
        "Share of moves searched in full and learned from; the others are fast searches. AZ: 1; KataGo: 0.25.",
    )
    fast_simulations: int = setting(16, "Simulations of the other moves. KataGo: 100.", ge=1, le=10_000_000)
    resign_threshold: float = setting(
        -1.0,
        "Resign when the mover's value is below; -1: never. AGZ: chosen for 5 % errors.",
        ge=-1.0,
        le=0.0,
    )
    resign_check_fraction: Fraction = setting(
        0.1, "Share of games played to the end all the same, to count wrong resignations. AGZ: 0.1."
    )
    random_opening_plies: int = setting(
        0, "Most uniformly random plies before a game begins, drawn from 0 up. AGZ, AZ: 0.", ge=0, le=10_000
    )
    games_per_generation: int = setting(256, "Games of a generation. AGZ: 25,000.", ge=1, le=10_000_000)
    shard_games: int = setting(256, "Games in one file of stored games.", ge=1, le=1_000_000)


class ReplayConfig(Settings):
    """Which stored positions are learned from: bounds + share of all positions so far."""

    window_min: int = setting(20_000, "Fewest positions in the window once they exist.", ge=1, le=10**10)
    window_max: int = setting(
        500_000, "Most positions in the window. AGZ: 500,000 games; AZ: 1,000,000 games.", ge=1, le=10**10
    )
    window_growth: Fraction = setting(
        0.6, "The window as a share of all positions so far, between the bounds. AGZ, AZ: 1 up to the bound."
    )
    surprise_weight: Fraction = setting(
        0.5, "Share of a position's chance to be drawn that goes by its policy surprise. KataGo: 0.5."
    )

    @model_validator(mode="after")
    def _bounds_in_order(self) -> ReplayConfig:
        if self.window_min > self.window_max:
            raise ValueError(f"window_min={self.window_min} is above window_max={self.window_max}")
        return self


class LearnerConfig(Settings):
    """Optimizer, schedule, and what every method that learns from positions can set."""

    optimizer: Literal["adamw", "sgd"] = setting("adamw", "adamw, or sgd with momentum. AGZ, AZ: sgd.")
    learning_rate: float = setting(
        1e-3, "Step size after the warm-up. AGZ: 0.01 (sgd); AZ: 0.2 (sgd, batch 4096).", gt=0.0, le=100.0
    )
    momentum: float = setting(0.9, "Momentum of sgd; beta_1 of adamw. AGZ, AZ: 0.9.", ge=0.0, lt=1.0)
    weight_decay: float = setting(1e-4, "Weight decay c. AGZ, AZ: 1e-4 (as an L2 loss).", ge=0.0, le=10.0)
    warmup_steps: int = setting(100, "Steps over which the step size rises from 0.", ge=0, le=10**9)
    schedule: Literal["constant", "cosine"] = setting(
        "constant", "Step size over the run; cosine needs a limit (minutes or generations). AZ: three drops."
    )
    final_learning_rate_fraction: Fraction = setting(
        0.1, "Last step size of schedule cosine, as a share of learning_rate. AZ: 0.001."
    )
    batch_size: int = setting(256, "Positions of a step. AGZ: 2048; AZ: 4096.", ge=1, le=10_000_000)
    parts: int = setting(
        0,
        "Threads that learn, each from a part of the batch, with normalisation by that part; 0: as many as there are "
        "cores when the run begins, then fixed.",
        ge=0,
        le=4096,
    )
    gradient_clip: float = setting(1.0, "Largest norm of the gradient; 0: not clipped.", ge=0.0, le=1e9)
    value_weight: float = setting(
        1.0, "Weight of the value loss. AGZ: 1 (0.01 supervised).", ge=0.0, le=1000.0
    )
    symmetries: bool = setting(True, "Draw a random board symmetry for each sample. AGZ: yes; AZ: no.")
    averaging_decay: float = setting(
        0.0, "Decay, each step, of the averaged weights that play; 0: no averaging.", ge=0.0, lt=1.0
    )
    max_bad_steps: int = setting(
        5, "Steps with a NaN or infinite loss or gradient, skipped, before the run stops.", ge=1, le=10**6
    )


class TrainingConfig(LearnerConfig):
    """Optimizer, schedule, losses."""

    beside_selfplay: bool = setting(
        False,
        "Learn from the games so far while those of a generation are played, so that these come from weights one "
        "generation older: for a GPU, which does both at once; on a CPU they would share the cores.",
    )
    replay_ratio: float = setting(
        4.0, "Positions trained on for each new position played. KataGo: 4.", gt=0.0, le=10_000.0
    )
    result_weight: Fraction = setting(
        0.7, "Value target: this share of the result z, the rest of the search's value. AGZ, AZ: 1."
    )
    value_steps: int = setting(
        5,
        "Value target: not the result z but the search's value so many plies on (k-step), unless the game has "
        "ended by then; 0: z. AGZ, AZ: 0.",
        ge=0,
        le=100_000,
    )


class EvaluationConfig(Settings):
    """How strength is measured during a run and at its end."""

    every_generations: int = setting(0, "Generations between ratings; 0: by time only.", ge=0, le=10**9)
    every_minutes: float = setting(1.5, "Minutes between ratings; 0: by generations only.", ge=0.0, le=1e6)
    max_share: Fraction = setting(
        1.0,
        "Ratings by minutes wait while those so far took more than this share of the run's minutes: on a slow machine "
        "the rest of the time is for learning.",
    )
    games: int = setting(40, "Games of a rating against the pool. AGZ: 400 to gate.", ge=2, le=10**7)
    player: str = setting(
        "model",
        'How networks play in ratings, the gate and the last match: a player without its path, such as "model" '
        '(tree search) or "policy:temperature=0"; a search is that of [search] where this does not say more.',
        min_length=1,
    )
    simulations: int = setting(100, "Simulations a move in ratings. AGZ: 1600.", ge=1, le=10_000_000)
    anchors: Texts = setting((), 'Fixed players of the pool, such as "random", "mcts:simulations=100".')
    final_opponent: str = setting("mcts:simulations=1000", 'Opponent of the last match; "": no match.')
    final_games: int = setting(200, "Games of the last match, an even number.", ge=2, le=10**7, multiple_of=2)
    final_simulations: int = setting(200, "Simulations a move in the last match.", ge=1, le=10_000_000)


class RunConfig(Settings):
    """Limits of a run and its folder."""

    minutes: float = setting(0.0, "Minutes of training; 0: no limit. AZ chess: 540 minutes.", ge=0.0, le=1e7)
    generations: int = setting(0, "Generations of training; 0: no limit.", ge=0, le=10**9)
    keep_checkpoints: int = setting(3, "Checkpoints that stay on disk.", ge=1, le=10**6)
    folder: str = setting("", 'Folder of the run; "": runs/<name of the settings file>.')


class GatedRunConfig(RunConfig):
    """Limits of a run, its gate and its folder."""

    gate: bool = setting(False, "A new network plays only once it beats the last. AGZ: yes; AZ: no.")
    gate_games: int = setting(
        100, "Games of the gate, an even number. AGZ: 400.", ge=2, le=10**7, multiple_of=2
    )
    gate_threshold: Fraction = setting(0.55, "Share of points that passes the gate. AGZ: 0.55.")


class Experiment(Settings):
    """What the settings of every method have in common."""

    method: str = setting("", "How the network learns.")
    game: str = setting("connect_four", 'Game and its rules: "connect_four:rows=6,cols=7".', min_length=1)
    seed: int = setting(1, "Seed of every random choice of the run.", ge=0, le=MAX_SEED)
    device: Literal["auto", "cpu", "cuda"] = setting("auto", "Where the network runs; auto: GPU if any.")
    threads: int = setting(0, "Threads of search and network; 0: all cores.", ge=0, le=4096)
    network: NetworkConfig = setting(NetworkConfig(), "The network.")
    training: LearnerConfig = setting(LearnerConfig(), "Optimizer, schedule, losses.")
    evaluation: EvaluationConfig = setting(EvaluationConfig(), "How strength is measured.")
    run: RunConfig = setting(RunConfig(), "Limits of a run and its folder.")

    @model_validator(mode="after")
    def _a_schedule_has_an_end(self) -> Experiment:
        if self.training.schedule == "cosine" and not (self.run.minutes or self.run.generations):
            raise ValueError('training.schedule="cosine" needs an end: set run.minutes or run.generations')
        return self

    def to_toml(self) -> str:
        """Return every setting, defaults included, as TOML text that `load_config` reads back equal."""
        return tomli_w.dumps(self.model_dump())


class Config(Experiment):
    """All settings of expert iteration."""

    method: Literal["expert_iteration"] = setting(
        "expert_iteration",
        "expert_iteration: search improves the policy, the network learns what search found.",
    )
    search: SearchConfig = setting(SearchConfig(), "The tree search.")
    selfplay: SelfplayConfig = setting(SelfplayConfig(), "How games of self-play are played.")
    distributed: DistributedConfig = setting(DistributedConfig(), "Self-play by processes, under Ray.")
    replay: ReplayConfig = setting(ReplayConfig(), "Which stored positions are learned from.")
    training: TrainingConfig = setting(TrainingConfig(), "Optimizer, schedule, losses.")
    run: GatedRunConfig = setting(GatedRunConfig(), "Limits of a run, its gate and its folder.")

    @model_validator(mode="after")
    def _sections_agree(self) -> Config:
        play = self.selfplay
        if play.full_search_fraction < 1.0 and play.fast_simulations > self.search.simulations:
            raise ValueError(
                f"selfplay.fast_simulations={play.fast_simulations} is above "
                f"search.simulations={self.search.simulations}"
            )
        if play.groups > play.parallel_games:
            raise ValueError(
                f"selfplay.groups={play.groups} is above selfplay.parallel_games={play.parallel_games}"
            )
        if play.groups * play.workers > play.parallel_games:
            raise ValueError(
                f"selfplay.workers={play.workers} with selfplay.groups={play.groups} each are more than "
                f"selfplay.parallel_games={play.parallel_games}"
            )
        if play.groups * self.distributed.workers > play.parallel_games:
            raise ValueError(
                f"distributed.workers={self.distributed.workers} with selfplay.groups={play.groups} each are more than "
                f"selfplay.parallel_games={play.parallel_games}, which they share out"
            )
        return self
