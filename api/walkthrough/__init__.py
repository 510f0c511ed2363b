"""Plays the whole purpose of Passive Candidate Sourcing over HTTP, and checks every step."""

from rich.console import Console
from rich.markup import escape

from api.walkthrough.client import (
    AnotherSecret,
    NotAsItShouldBe,
    Server,
    TokenFor,
    Unreachable,
)
from api.walkthrough.pages import Browser
from api.walkthrough.play import Play
from api.walkthrough.steps import STEPS, NobodyPassive

__all__ = ["AnotherSecret", "NobodyPassive", "NotAsItShouldBe", "Unreachable", "walk_through"]


def walk_through(url: str, token_for: TokenFor, out: Console, *, cookies: str = "") -> None:
    """Go through all steps, printing each.

    It leaves a new employer with positions, messages, one candidate who has become active, one who
    opted out and in again, and two who joined. With the `cookies` of a
    user who sees letters it plays what needs letters too; one of the two is erased then.

    Raises:
        NotAsItShouldBe: a step had another outcome than it should; those after it are not played.
        NobodyPassive: there is no passive candidate to play with.
        Unreachable: there is no server of this marketplace.
        AnotherSecret: the server does not accept our tokens.
    """
    with Server(url, token_for) as server:
        server.wait_until_ready()
        play = Play(server, out, Browser(server, cookies))
        for number, step in enumerate(STEPS, start=1):
            out.print(f"\n[bold cyan]{number}. {escape((step.__doc__ or '').strip())}[/]")
            try:
                step(play)
            except (LookupError, TypeError, ValueError) as error:
                raise NotAsItShouldBe(
                    "the shape of an answer", "what the API's document says", repr(error)
                ) from error
    left_out = f", save for {play.left_out} left out" if play.left_out else ""
    out.print(f"\n[bold green]All {len(STEPS)} steps are as they should be{left_out}.[/]")
