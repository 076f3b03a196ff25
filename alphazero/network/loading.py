"""From a model's file to a network that evaluates positions: what players and analyses ask."""

import os

from alphazero.network.calibration import calibration_planes
from alphazero.network.file import load_model
from alphazero.network.inference import Inference, resolve_device
from alphazero.network.symmetric import SymmetricInference
from alphazero.search.evaluators import NetworkEvaluator
from alphazero.search.oracle import Oracle
from games import Game

__all__ = ["load_evaluator", "load_inference"]

CPU_BATCH, CUDA_BATCH = 64, 512  # rows at once: matches rarely ask for more, and fewer are padded


def load_inference(
    path: str | os.PathLike[str],
    game: Game | None = None,
    device: str = "auto",
    precision: str = "auto",
    symmetries: bool = False,
    variant: str = "",
) -> Oracle:
    """Return the network of a model file, ready to evaluate positions of `game` (its own by default).

    symmetries: it answers with the mean over all symmetries of the game, at the cost of so many rows. variant: the
    way to compute it, as `Inference.choice` names it; "": the fastest in a short measurement.
    Raises ValueError when the file is no model or one for another game, OSError when it cannot be read.
    """
    model = load_model(path, game=game)
    target = resolve_device(device)
    batch = CUDA_BATCH if target.type == "cuda" else CPU_BATCH
    choice = {"device": target.type, "variant": variant} if variant else None
    inference = Inference(
        model.network,
        str(target),
        batch_size=batch,
        precision=precision,
        choice=choice,
        calibration=calibration_planes(model.game),
    )
    return SymmetricInference(inference, model.game.symmetries) if symmetries else inference


def load_evaluator(
    path: str | os.PathLike[str], game: Game | None = None, device: str = "auto"
) -> NetworkEvaluator:
    """Return the evaluator of a model file, for `alphazero.search_positions` and all else that searches.

    game: whose positions it is to judge, the model's own by default; device: "auto", "cpu" or "cuda". Raises
    ValueError, one line that names the file, when it is no model, one for another game, or has no policy or no value;
    OSError when it cannot be read.
    """
    return NetworkEvaluator(load_inference(path, game, device))
