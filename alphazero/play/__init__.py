"""Playing: players, the table at which many games are played, thinking about one position."""
