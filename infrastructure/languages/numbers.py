"""How the language that is spoken here writes numbers."""

from infrastructure.languages.translation import locale


def localized(written: str) -> str:
    """A number that is written in English, with the marks of the language.

    >>> from infrastructure.languages.translation import speaking
    >>> with speaking("de"):
    ...     localized("1,234.5")
    '1.234,5'
    """
    marks = locale().number_symbols["latn"]
    return written.translate(str.maketrans({",": marks["group"], ".": marks["decimal"]}))


def percent(share: float, digits: int = 0) -> str:
    """A share of one as a percentage, with so many decimals unless they are all 0.

    >>> percent(0.234), percent(0.123, 1), percent(0.5, 1)
    ('23%', '12.3%', '50%')
    """
    sign: str = locale().percent_formats[None].pattern.rpartition("0")[2]
    return localized(f"{share * 100:.{digits}f}".removesuffix(".0")) + sign
