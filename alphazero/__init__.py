"""Self-play learning of board games."""
