"""The residual network, its fast inference and its file. Importing this loads torch."""

from alphazero.network.file import Model, load_model, save_model
from alphazero.network.inference import Handle, Inference, set_threads
from alphazero.network.model import ResidualNetwork, for_game

__all__ = [
    "Handle",
    "Inference",
    "Model",
    "ResidualNetwork",
    "for_game",
    "load_model",
    "save_model",
    "set_threads",
]
