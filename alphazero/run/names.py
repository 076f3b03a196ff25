"""What the files and the generations of a run are called."""

MODEL = "model.safetensors"  # the network that plays, in the run's folder


def generation_name(generation: int) -> str:
    """Return the name of a generation in ratings."""
    return f"generation {generation}"


def model_file(generation: int) -> str:
    """Return the name of a rated generation's model in checkpoints/."""
    return f"model-{generation:06d}.safetensors"


def learner_file(generation: int) -> str:
    """Return the name of the learner's checkpoint after a generation, in checkpoints/."""
    return f"learner-{generation:06d}.pt"


def shard_name(generation: int, number: int) -> str:
    """Return the name of the run's shard with that number, played for a generation, in selfplay/."""
    return f"generation-{generation:06d}-{number:06d}"
