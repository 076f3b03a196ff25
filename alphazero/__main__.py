"""`python -m alphazero` is the command `alphazero`."""

from alphazero.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
