"""The page of a position that a form came from, and leads back to."""

from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from api.web.rendering import address

OF_AN_ANSWER = ("after", "notice", "decided")


def page_of(position_id: UUID, given: str) -> str:
    """The address, if it is a page of this position; without what an earlier answer said.

    >>> id = UUID(int=1)
    >>> page_of(id, f"/positions/{id}/shortlist?show=set_aside&notice=taken-back#c-2")
    '/positions/00000000-0000-0000-0000-000000000001/shortlist?show=set_aside#c-2'
    >>> page_of(id, "https://example.com/positions/")
    ''
    """
    try:
        split = urlsplit(given)
    except ValueError:
        return ""
    is_ours = not split.netloc and split.path.startswith(f"/positions/{position_id}/")
    return with_answer(given) if is_ours and given.isprintable() else ""


def with_answer(page: str, **answer: object) -> str:
    """A page that says what came of a form, in place of what it said before.

    >>> with_answer("/positions/1/shortlist?cursor=x&after=7#c-2", after=9, notice="shortlisted")
    '/positions/1/shortlist?cursor=x&after=9&notice=shortlisted#c-2'
    """
    split = urlsplit(page)
    kept = {name: said for name, said in parse_qsl(split.query) if name not in OF_AN_ANSWER}
    fragment = f"#{split.fragment}" if split.fragment else ""
    return address(split.path, **kept | answer) + fragment


def came_from(page: str) -> str:
    """The list from which a page was opened, if it is a profile's; else the page itself.

    >>> came_from("/positions/1/candidates/2?at=%2Fpositions%2F1%2Fshortlist%3Fcursor%3Dx")
    '/positions/1/shortlist?cursor=x'
    """
    try:
        split = urlsplit(page)
    except ValueError:
        return ""
    is_profile = split.path.split("/")[3:4] == ["candidates"]
    return dict(parse_qsl(split.query)).get("at", "") if is_profile else page


def list_of(page: str) -> str:
    """The list of a page, without the candidate who is opened beside it.

    >>> list_of("/positions/1/shortlist?cursor=x&open=2#c-2")
    '/positions/1/shortlist?cursor=x'
    """
    split = urlsplit(page)
    kept = {name: said for name, said in parse_qsl(split.query) if name != "open"}
    return address(split.path, **kept)
