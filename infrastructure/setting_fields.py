"""How a setting is declared: with words for the README and for error messages."""

from typing import Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict

PREFIX = "SOURCING_"

FROM_THE_ENVIRONMENT = SettingsConfigDict(
    env_prefix=PREFIX,
    env_ignore_empty=True,
    frozen=True,
    extra="forbid",
    populate_by_name=True,
    hide_input_in_errors=True,
)


def setting(default: Any, type_: str, description: str, **more: Any) -> Any:
    """A field with a description of its values."""
    shown = more.pop("shown", None)
    extra = {"type": type_, "shown": shown if shown is not None else str(default)}
    return Field(default=default, description=description, json_schema_extra=extra, **more)
