"""What sections of study.toml are made of: their base class, and kinds of names and numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Strict

Currency = Literal["CNY", "USD", "EUR"]
Name = Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _of_letters(name: str) -> str:
    if not name.isidentifier():
        raise ValueError("must be a name of letters of any script, digits and _, not starting with a digit")
    return name


Label = Annotated[str, AfterValidator(_of_letters)]
"""A name that no table of a run has as a column, in any script: 生态保护红线 is one."""
Number = Annotated[float, Strict()]
"""A number that TOML writes as one: text and booleans are refused."""
Year = Annotated[int, Strict(), Field(ge=1900, le=2500)]


def either(first: str, kinds: type | tuple[type, ...], second: str) -> Discriminator:
    """Which of two kinds of value a key has, so that only the rules of that kind are told."""
    return Discriminator(lambda value: first if isinstance(value, kinds) else second)


class Section(BaseModel):
    """A section of study.toml: unknown keys are refused, and what was read stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
