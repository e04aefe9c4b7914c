"""What the parts of an inventory file have in common: closed keys, and short forms of lists and mappings."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from runbook_engine.loading.estate_values import Name


class Closed(BaseModel):
    """A mapping with closed keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


def or_empty(value: Any) -> Any:
    """Nothing is no entries."""
    return {} if value is None else value


class Entry(Closed):
    """`web1:` with nothing behind it is an entry without settings."""

    _without_settings = model_validator(mode="before")(or_empty)


def or_none(value: Any) -> Any:
    """Nothing is an empty list."""
    return () if value is None else value


def or_list(value: Any) -> Any:
    """A single text is a list of one."""
    return [value] if isinstance(value, str) else value


def one_or_list(value: Any) -> Any:
    """A single mapping is a list of one."""
    return [value] if isinstance(value, dict) else value


_T = TypeVar("_T")
Named = Annotated[dict[Name, _T], BeforeValidator(or_empty)]
