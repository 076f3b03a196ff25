"""The network, its fast inference and its file. Importing this loads torch."""

from alphazero.network.calibration import calibration_planes
from alphazero.network.file import Model, load_model, save_model
from alphazero.network.inference import Inference, set_threads
from alphazero.network.loading import load_evaluator
from alphazero.network.model import Network, for_game

__all__ = [
    "Inference",
    "Model",
    "Network",
    "calibration_planes",
    "for_game",
    "load_evaluator",
    "load_model",
    "save_model",
    "set_threads",
]
