"""Learning from batches: the learner and the losses."""
