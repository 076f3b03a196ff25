"""The small run that several tests begin and repeat."""

from tests.run.conftest import be_quick, one_thread, run_copy, tic_tac_toe, whole_run

__all__ = ["be_quick", "one_thread", "run_copy", "tic_tac_toe", "whole_run"]
