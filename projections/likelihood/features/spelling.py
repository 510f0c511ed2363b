"""How this version of the features compares names: another rule would be another version."""


def key(term: str) -> str:
    """A name, with case and extra spaces ignored.

    >>> key("  Node.JS ")
    'node.js'
    """
    return " ".join(term.split()).casefold()
