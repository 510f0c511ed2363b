"""How names of companies compare, and which mail domains belong to no company."""

import re

from cleanco import basename

from domain.terms import search_key

_BESIDE = re.compile(
    r"株式会社|有限会社|合同会社|\(株\)|\\(有\\)|股份有限公司|有限责任公司|有限公司|주식회사|유한회사|\\(주\\)"
)
"""Legal forms of East Asia, which stand on either side of a name, without a space."""

_IN_FRONT = re.compile(r"^(?:ооо|оао|зао|пао|ао|pt|the)\s+(?=\S)")  # noqa: RUF001 - Russian
_AND_COMPANY = re.compile(r"[\s,]+(?:&|and|und|et|y|e)\s+(?:co|cie|company|partners?)\.?$")

_ANYWHERE = {"gmx", "hotmail", "live", "outlook", "yahoo", "yandex", "ymail"}
"""Providers with domains in many countries, by the first part of the name."""

_PUBLIC = {
    "126.com", "163.com", "aol.com", "att.net", "bluewin.ch", "btinternet.com", "comcast.net",
    "daum.net", "duck.com", "fastmail.com", "free.fr", "freenet.de", "gmail.com", "googlemail.com",
    "hanmail.net", "hey.com", "icloud.com", "laposte.net", "libero.it", "mac.com", "mail.com",
    "mail.de", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "online.de", "orange.fr",
    "pm.me", "posteo.de", "proton.me", "protonmail.com", "qq.com", "rediffmail.com", "seznam.cz",
    "sfr.fr", "sina.com", "t-online.de", "tuta.com", "tutanota.com", "verizon.net", "wanadoo.fr",
    "web.de", "wp.pl", "zoho.com",
}  # fmt: skip
"""The largest providers of mail to everybody. One that is missing matters only if an employer
declares its domain as their own."""


def company_key(name: str) -> str:
    """A company's name, normalised for comparison: as `search_key`, without its legal form.

    >>> [company_key(name) for name in ("ACME, Inc.", "Acme GmbH & Co. KG", "The Acme Co., Ltd.")]
    ['acme', 'acme', 'acme']
    >>> company_key("株式会社トヨタ"), company_key("Nestlé S.A.")
    ('トヨタ', 'nestle')
    >>> company_key("Inc.")
    'inc'
    """
    whole = rest = search_key(name)
    before = None
    while rest != before:
        before = rest
        for form in (_BESIDE, _IN_FRONT, _AND_COMPANY):
            rest = form.sub("", rest).strip()
        rest = basename(rest)
    return _folded(rest) or _folded(whole)


def is_public_mail(domain: str) -> bool:
    """Whether everybody can have an address in this domain, so that it tells no employer.

    >>> is_public_mail("gmail.com"), is_public_mail("yahoo.co.uk"), is_public_mail("acme.example")
    (True, True, False)
    """
    return domain in _PUBLIC or domain.partition(".")[0] in _ANYWHERE


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text).split())
