"""What a written reply says, as far as rules can tell: a clear yes, a clear no, later, or unclear.

A wrong yes would embarrass two people, so whatever asks, or says more than one thing, is unclear.
"""

import re

from domain.outreach_events import Understood
from domain.terms import search_key

LONGEST = 600
"""A longer text is for a person to read."""

NO = (
    r"not interested|no interest|no,? thank|not looking|no longer looking|please remove"
    r"|not a (good )?(fit|match)|i'?ll pass|have to decline|must decline|decline (this|your)"
    r"|kein interesse|nicht interessiert|nein,? danke|kein bedarf|nicht auf der suche"
    r"|pas interess|non,? merci|pas en recherche"
    r"|no me interesa|no estoy interesad|no,? gracias"
    r"|non (mi|sono) interess|no,? grazie|nao (tenho interesse|estou interessad)"
    r"|geen interesse|niet geinteresseerd|nee,? (bedankt|dank)"
    r"|興味(が|は)(ありません|ない)|お断り|辞退"
)
LATER = (
    r"not (right )?now|not at the moment|later this|next (year|month|quarter)"
    r"|in a few (weeks|months)"
    r"|maybe later|get back to me|contact me again|check back"
    r"|zurzeit nicht|derzeit nicht|im moment nicht|spater|nachste[ns]? (jahr|monat)|in ein paar"
    r"|pas (pour l')?maintenant|plus tard|mas adelante|ahora no|piu avanti"
    r"|今は|また後で|来年|来月"
)
YES = (
    r"(i am|i'm|very|definitely) interested|sounds (great|good|interesting)"
    r"|happy to (talk|chat)"
    r"|(would|i'd) (love|like|be happy) to (talk|chat|hear|learn|know)|let'?s (talk|chat)"
    r"|^yes\b|yes,? please|gladly|count me in|i accept"
    r"|^ja\b|gerne?\b|(bin|sehr) interessiert|klingt (gut|interessant|spannend)|freue mich"
    r"|^oui\b|avec plaisir|(suis|tres) interess|volontiers"
    r"|^si\b|me interesa|con (mucho )?gusto|estoy interesad|encantad"
    r"|mi interessa|sono interess|volentieri|tenho interesse|com prazer"
    r"|興味(が|は)?(あります|ございます)|ぜひ|お話を(伺|聞)"
)


def understood(text: str) -> Understood:
    """What a reply says.

    >>> understood("Yes, I'd love to talk. Tuesday works.").value
    'accepted'
    >>> understood("Sounds good! What does it pay?").value, understood("Nein danke.").value
    ('unclear', 'declined')
    """
    said = search_key(text).replace("\u2019", "'")
    if not said.strip() or len(text) > LONGEST:
        return Understood.UNCLEAR
    refuses = re.search(NO, said)
    rest = re.sub(NO, " ", said)
    waits, agrees = re.search(LATER, rest), re.search(YES, rest)
    asks = "?" in said  # a full-width one too, by its key
    if refuses and not (waits or agrees or asks):
        return Understood.DECLINED
    if waits and not (refuses or agrees):
        return Understood.POSTPONED
    if agrees and not (refuses or waits or asks):
        return Understood.ACCEPTED
    return Understood.UNCLEAR
