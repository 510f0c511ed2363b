"""What pages say about fields that are missing, and about addresses that are wrong."""

import re
from collections.abc import Iterable

from api.http.problems import Reason
from api.web.words import words

ASKED_FOR = {
    "subject": "Enter a subject.",
    "text": "Enter a message.",
    "answer": "Enter an answer.",
    "title": "Enter a title.",
    "reason": "Enter a reason.",
    "name": "Enter a name.",
    "owner": "Enter a name.",
    "email": "Enter an e-mail address.",
    "sender_name": "Enter your name.",
    "signed_by": "Enter your name.",
    "organizer_name": "Enter your name.",
    "sender_role": "Enter your role.",
    "salary": "Enter a salary.",
    "minimum": "Enter the lowest salary.",
    "location": "Enter a location.",
    "starts_at": "Choose a date and time.",
    "times": "Choose at least one time.",
}
"""What to do about a field that is missing or blank."""

MISSING = ("missing", "string_too_short")


def asked_for(reason: Reason) -> Reason:
    """A reason as a form of the console says it: of a field that lacks something, what to do.

    >>> asked_for(Reason(code="missing", field="text", detail="Message is missing.")).detail
    'Enter a message.'
    >>> asked_for(Reason(code="missing", field="salary.per", detail="Per is missing.")).detail
    'Per is missing.'
    """
    name = (reason.field or "").rpartition(".")[2]
    if reason.code not in MISSING or name not in ASKED_FOR:
        return reason
    return Reason(code=reason.code, field=reason.field, detail=ASKED_FOR[name])


OF_ADDRESS = re.compile(r"Query (?P<name>\w+)[^:]*: (?:Input should be )?(?P<said>.*?)\.?")


def of_the_address(reasons: Iterable[Reason]) -> list[Reason]:
    """What is wrong with an address: each parameter once, and what it may be.

    >>> said = "Query status str-enum[status]: Input should be 'open' or 'closed'"
    >>> [one.detail for one in of_the_address([Reason(code="enum", detail=said)] * 2)]
    ["Status: use 'open' or 'closed'."]
    """
    worded: dict[str, Reason] = {}
    for reason in reasons:
        if found := OF_ADDRESS.fullmatch(reason.detail):
            detail = f"{words(found['name'])}: use {found['said']}."
            worded.setdefault(found["name"], reason.model_copy(update={"detail": detail}))
        else:
            worded.setdefault(reason.detail, reason)
    return [*worded.values()]
