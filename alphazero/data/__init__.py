"""Games as data: stored games and their labels, shards on disk, the window that is learned from."""
