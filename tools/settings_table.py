"""Print docs/settings.md: every setting as alphazero/config/schema.py declares it.

python tools/settings_table.py > docs/settings.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from alphazero.config import Config
from alphazero.config.fields import allowed_values, setting_names
from alphazero.config.loading import DEFAULT_METHOD, SCHEMAS, schema_of

INTRODUCTION = """\
# Settings

Every setting of an experiment, with its default, what is allowed and what it means. This page is the output
of `tools/settings_table.py`, which reads `alphazero/config/schema.py`, where each default stands once; a test
(`tests/test_docs.py`) fails when the page is out of date.

An experiment is one TOML file that holds what differs from the defaults. `method` is read first and picks the settings
there are: those of expert iteration come first, those of other methods at the end. Any value can be replaced on the
command line by its dotted path:

```
alphazero train configs/connect_four_quick.toml search.simulations=32 run.minutes=5
```

A value after `=` is read as TOML, and as plain text where it is not TOML. The settings of a run, defaults
included, are written into its folder as `config.toml`, and `alphazero train --resume RUN` reads them from
there. An unknown name, a wrong type or a value out of range is refused before anything starts, with the
nearest known name and what is allowed.

Some settings must agree with each other: `replay.window_min` is at most `replay.window_max`;
`selfplay.groups` is at most `selfplay.parallel_games`; `selfplay.fast_simulations` is at most
`search.simulations` where `selfplay.full_search_fraction` is below 1; and `training.schedule="cosine"`
needs an end, `run.minutes` or `run.generations`.

Published values are those of AGZ (AlphaGo Zero, Silver et al. 2017), AZ (AlphaZero, Silver et al. 2018),
AlphaGo (Silver et al. 2016), KataGo (Wu 2019) and Gumbel (Danihelka et al. 2022). They belong to networks,
games and machines of those papers: they are stated to compare with, not to copy.
"""
HEADER = "| setting | default | allowed | meaning |\n|---|---|---|---|"


def settings_page() -> str:
    """Return the whole page as Markdown: settings without a section first, then a table for each section."""
    parts = [INTRODUCTION, "## General\n", section_table(Config, "")]
    for name, section in sections():
        parts += [f"\n## `[{name}]`\n", f"{' '.join((section.__doc__ or '').split())}\n"]
        parts.append(section_table(section, f"{name}."))
    for method in SCHEMAS:
        if method != DEFAULT_METHOD:
            parts += other_method(method)
    return "\n".join(parts) + "\n"


def other_method(method: str) -> list[str]:
    """Return the part on another method than expert iteration: what it has not, has besides, or begins with."""
    usual, own = dict(setting_names(Config)), dict(setting_names(schema_of(method)))
    sections = {name.partition(".")[0] for name in usual if "." in name}
    missing = sorted(section for section in sections if not any(n.startswith(f"{section}.") for n in own))
    rows = [
        _row(name, field)
        for name, field in own.items()
        if name not in usual or usual[name].default != field.default or name == "method"
    ]
    first = f"The settings above without {', '.join(f'[{name}]' for name in missing)}, and with these:\n"
    return [f'\n## `method = "{method}"`\n', first, "\n".join([HEADER, *rows])]


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield name and class of every section, in the order of the settings file."""
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def section_table(section: type[BaseModel], prefix: str) -> str:
    """Return the table of a section's own settings, each name as the command line takes it."""
    inner = dict(sections()) if section is Config else {}
    rows = [_row(prefix + name, field) for name, field in section.model_fields.items() if name not in inner]
    return "\n".join([HEADER, *rows])


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name}`", f"`{_toml(field.default)}`", allowed_values(field), field.description or "")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _toml(value: Any) -> str:
    """Return a value as a TOML file has it."""
    text = tomli_w.dumps({"value": value}).strip().removeprefix("value = ")
    return " ".join(text.split()).replace("[ ", "[").replace(", ]", "]")


if __name__ == "__main__":
    print(settings_page(), end="")
