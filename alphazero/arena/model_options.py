"""The options of every player with a network."""

from alphazero.arena.spec import REQUIRED, Option

MODEL_OPTIONS = {
    "path": Option(str, REQUIRED, "the model's file"),
    "precision": Option(
        str,
        "auto",
        "number format of the network; auto: the fastest",
        choices=("auto", "float32", "bfloat16"),
    ),
    "variant": Option(
        str, "", "how the network is computed, as `alphazero bench network` names it; none: the fastest here"
    ),
    "symmetries": Option(bool, False, "take the mean of the network over all symmetries of the game"),
}
