"""Methods of learning, one file each: what a generation of a run does."""
