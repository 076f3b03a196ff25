"""A run of training: its folder, its loop, what it shows, how it is rated, what is wrong with it."""
