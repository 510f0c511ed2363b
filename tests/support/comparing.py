"""How what was recorded earlier is compared with what a newer program makes of it."""

from typing import Any


def as_far_as(was: Any, now: Any) -> Any:
    """The fields of `now` that `was` has as well; fields added since are left out."""
    if isinstance(was, dict) and isinstance(now, dict):
        return {name: as_far_as(was[name], now.get(name, "not told any more")) for name in was}
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        return [as_far_as(then, new) for then, new in zip(was, now, strict=True)]
    return now
