"""Self-play by worker processes on many machines; weights go out, numbered games come back."""
