"""The commands of `alphazero`, one file each. They load torch and numba when they run, not when imported."""
