"""Settings: what each is, read from TOML and the command line, checked with one clear line for each problem."""

from alphazero.config.distributed import DistributedConfig
from alphazero.config.errors import ConfigError
from alphazero.config.fields import option_of
from alphazero.config.loading import build_config, load_config, with_overrides
from alphazero.config.schema import (
    Config,
    EvaluationConfig,
    Experiment,
    LearnerConfig,
    NetworkConfig,
    ReplayConfig,
    RunConfig,
    SearchConfig,
    SelfplayConfig,
    TrainingConfig,
)
from alphazero.config.section import Settings

__all__ = [
    "Config",
    "ConfigError",
    "DistributedConfig",
    "EvaluationConfig",
    "Experiment",
    "LearnerConfig",
    "NetworkConfig",
    "ReplayConfig",
    "RunConfig",
    "SearchConfig",
    "SelfplayConfig",
    "Settings",
    "TrainingConfig",
    "build_config",
    "load_config",
    "option_of",
    "with_overrides",
]
