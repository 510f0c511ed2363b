"""The terms of a vocabulary: what else each is called, and what it is a kind of."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from domain.terms import spelled
from infrastructure.vocabulary.additions import Names

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Vocabulary(NamedTuple):
    """Terms by what people call them."""

    version: int
    terms: Mapping[str, tuple[str, ...]]
    """What a name, as `spelled` has it, stands for: one term, or several at once."""
    broader: Mapping[str, tuple[str, ...]]
    """Whatever a term is a kind of, by the term."""

    def meant(self, said: str) -> tuple[str, ...]:
        """The terms that a name stands for; none if it is unknown."""
        return self.terms.get(spelled(said), ())

    def with_broader(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names, and whatever they are a kind of, each once."""
        each = (name for said in names for name in (said, *self.broader.get(said, ())))
        return tuple(dict.fromkeys(each))


def loaded(file: str) -> Mapping[str, Any]:
    """A vocabulary's file of this folder."""
    return tomllib.loads(files(__package__).joinpath(file).read_text(encoding="utf-8"))


def vocabulary(file: str, own: Names = frozenset()) -> Vocabulary:
    """Read a vocabulary, with names that were added to it.

    Raises:
        ValueError: a name stands for two of the file's terms.
    """
    data = loaded(file)
    words: Mapping[str, list[str]] = data.get("words", {})
    terms: dict[str, tuple[str, ...]] = {}
    said = [
        *((name, (term,)) for term, also in data["synonyms"].items() for name in (term, *also)),
        *((name, tuple(several)) for name, several in data.get("several", {}).items()),
    ]
    for written, meant in said:
        for name in _filled_in(written, words):
            if terms.setdefault(spelled(name), meant) != meant:
                raise ValueError(f"{file}: {name} is {terms[spelled(name)]} and {meant}")
    for name, term in sorted(own):
        terms.setdefault(spelled(name), (term,))
    return Vocabulary(data["version"], terms, dict(_ancestors(data.get("broader", {}))))


def names(file: str) -> Mapping[str, tuple[str, ...]]:
    """What else each term is called, as the file has it."""
    data = loaded(file)
    words: Mapping[str, list[str]] = data.get("words", {})
    return {
        term: tuple(name for written in also for name in _filled_in(written, words))
        for term, also in data["synonyms"].items()
    }


def _filled_in(name: str, words: Mapping[str, list[str]]) -> list[str]:
    found = _PLACEHOLDER.search(name)
    return [name.replace(found[0], word) for word in words[found[1]]] if found else [name]


def _ancestors(broader: Mapping[str, list[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for term in broader:
        found: dict[str, None] = {}
        ahead = [*broader[term]]
        while ahead:
            name = ahead.pop(0)
            if name not in found:
                found[name] = None
                ahead += broader.get(name, [])
        yield term, tuple(found)
