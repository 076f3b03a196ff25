"""Measuring strength: players, matches between them, ratings, and the pool that a training run is rated in."""
