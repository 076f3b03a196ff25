"""From a model's file to a network that evaluates positions: what players and analyses ask."""

from alphazero.network.file import load_model
from alphazero.network.inference import Inference, resolve_device
from alphazero.network.symmetric import SymmetricInference

CPU_BATCH, CUDA_BATCH = 64, 512  # rows at once: matches rarely ask for more, and fewer are padded


def load_inference(
    path: str,
    game,
    device: str = "auto",
    precision: str = "auto",
    symmetries: bool = False,
    variant: str = "",
):
    """Return the network of a model file, ready to evaluate positions of `game`.

    symmetries: it answers with the mean over all symmetries of the game, at the cost of so many rows. variant: the
    way to compute it, as `Inference.choice` names it; "": the fastest in a short measurement.
    Raises ValueError when the file is no model or one for another game, OSError when it cannot be read.
    """
    target = resolve_device(device)
    batch = CUDA_BATCH if target.type == "cuda" else CPU_BATCH
    inference = Inference(
        load_model(path, game=game).network, str(target), batch_size=batch, precision=precision
    )
    return SymmetricInference(inference, game.symmetries) if symmetries else inference
