"""The text of a description in HTML."""

import re
from html.parser import HTMLParser
from typing import Any


class _Text(HTMLParser):
    """The text of a description in HTML, with its paragraphs."""

    BLOCKS = frozenset({"p", "br", "li", "ul", "ol", "div", "h1", "h2", "h3", "h4", "tr"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, _: Any) -> None:
        if tag in self.BLOCKS:
            self.pieces.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(re.sub(r"\s+", " ", data))


def plain_text(said: str) -> str:
    r"""A text without its HTML.

    >>> plain_text("<p>We build <b>robots</b>.</p><ul><li>Python</li><li>C &amp; C++</li></ul>")
    'We build robots.\n- Python\n- C & C++'
    """
    if not re.search(r"<[a-zA-Z/]|&[a-z#0-9]+;", said):
        return said
    reader = _Text()
    reader.feed(said)
    reader.close()
    lines = (line.strip() for line in "".join(reader.pieces).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(line for line in lines if line != "-")).strip()
