"""Measuring strength: players, matches between them, ratings, and the pool of a training run."""
