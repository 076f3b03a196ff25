"""The settings files that come with alphazero, found by name: `chess` means configs/chess.toml.

They are read where they are written: in a checkout its folder configs/, in an installed wheel a copy of it.
"""

from __future__ import annotations

from pathlib import Path

from alphazero.config.errors import ConfigError
from games.options import did_you_mean

PACKAGE = Path(__file__).resolve().parents[1]


def shipped_folder() -> Path:
    """Return the folder of the settings files that come with alphazero."""
    root = PACKAGE.parent
    return root / "configs" if (root / "pyproject.toml").is_file() else PACKAGE / "configs"


def shipped_names() -> list[str]:
    """Return the names of the settings files that come with alphazero, sorted."""
    return sorted(path.stem for path in shipped_folder().glob("*.toml"))


def settings_file(path: str | Path) -> Path:
    """Return the settings file that is meant: a path as it is, and for a bare name the file that comes with alphazero.

    Raises ConfigError for a name (no folder, no .toml) that is neither a file here nor one that comes with alphazero.
    """
    file = Path(path)
    if file.name != str(path) or file.suffix or file.is_file():
        return file
    names = shipped_names()
    if file.name in names:
        return shipped_folder() / f"{file.name}.toml"
    hint = did_you_mean(file.name, names)
    raise ConfigError(
        f"no settings {file.name!r}{hint}; expected a TOML file, or one that comes with alphazero: {', '.join(names)}"
    )
