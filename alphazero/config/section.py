"""What a section of settings is made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]


def setting(default: Any, description: str, **limits: Any) -> Any:
    """Declare a setting; `limits` are pydantic's: ge, gt, le, lt, min_length."""
    return Field(default, description=description, **limits)


class Settings(BaseModel):
    """A section of settings: frozen, without unknown names, without silent conversions."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        protected_namespaces=(),
    )
