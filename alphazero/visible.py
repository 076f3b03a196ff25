"""Text from files and from others, made safe for a terminal."""

from __future__ import annotations

__all__ = ["visible"]


def visible(text: str) -> str:
    """Return a text with everything that does not print, such as escape sequences and line ends, as \\x1b and \\n.

    Letters of all languages stay as they are; only what would act on the terminal is spelt out.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode()
        for char in text
    )
