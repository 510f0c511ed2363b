"""How pages show a message in which fields may not be filled in."""

from markupsafe import Markup, escape

from domain.template import FIELD


def marked(text: str) -> Markup:
    """A text with its fields marked, since they are not filled in.

    >>> marked("Dear <b>, {reason}")
    Markup('Dear &lt;b&gt;, <mark>{reason}</mark>')
    """
    # Escaping leaves braces as they are.
    return Markup(FIELD.sub(lambda found: f"<mark>{found[0]}</mark>", str(escape(text))))  # noqa: S704 - escaped


FILTERS = {"marked": marked}
"""The filters' names in templates."""
