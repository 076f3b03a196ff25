"""The settings of self-play by processes."""

from __future__ import annotations

from pydantic import model_validator

from alphazero.config.section import Settings, setting


class DistributedConfig(Settings):
    """Self-play by worker processes, under Ray."""

    workers: int = setting(
        0,
        "Worker processes that play, each with a part of selfplay.parallel_games, on this machine or a cluster; 0: "
        "threads of this process play (selfplay.workers).",
        ge=0,
        le=100_000,
    )
    address: str = setting(
        "", 'Ray cluster: "auto" or host:port; "": a Ray of its own on this machine, ended with the run.'
    )
    cpus_per_worker: float = setting(1.0, "Cores that Ray sets aside for a worker.", ge=0.0, le=1024.0)
    gpus_per_worker: float = setting(
        0.0, "Share of a GPU that Ray sets aside for a worker; 0: it computes on the CPU.", ge=0.0, le=64.0
    )
    pending: int = setting(2, "Slices of self-play that a worker is asked for at once.", ge=1, le=64)
    report_seconds: float = setting(
        2.0, "Length of a slice: how often a worker sends its finished games.", gt=0.0, le=3600.0
    )
    max_lag: int = setting(
        1,
        "Generations of games that may wait to be learned from; 0: none is played while the network learns.",
        ge=0,
        le=100,
    )
    max_starts: int = setting(
        5, "Starts in a row after which all workers must have failed before the run stops.", ge=1, le=1000
    )
    patience_seconds: float = setting(
        300.0, "A worker that has not answered for so long is replaced.", gt=0.0, le=1e6
    )

    @model_validator(mode="after")
    def _slices_end_in_time(self) -> DistributedConfig:
        if self.patience_seconds <= self.report_seconds:
            raise ValueError(
                f"patience_seconds={self.patience_seconds:g} is not above report_seconds={self.report_seconds:g}"
            )
        return self
