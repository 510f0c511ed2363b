"""Signed links: each names one outreach for one purpose, and nobody else can make one."""

import string
from base64 import b32decode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from api.links import (
    Purpose,
    answer_path,
    is_ours,
    link_key,
    outreach_of,
    token_of,
    unsubscribe_path,
)
from infrastructure.settings import Settings

KEY = link_key(Settings(secret=SecretStr("a" * 32)))
OUTREACH = UUID("6f2f5f0e-8a5c-4d0b-9b57-2a4a0d4e7c11")
TOKEN = token_of(KEY, OUTREACH, Purpose.ANSWER)
LETTERS = string.ascii_lowercase + string.digits + "-_"


def test_a_link_names_its_outreach() -> None:
    assert outreach_of(KEY, answer_path(KEY, OUTREACH).removeprefix("/p/")) == OUTREACH
    token = unsubscribe_path(KEY, OUTREACH).removeprefix("/u/")
    assert outreach_of(KEY, token, Purpose.UNSUBSCRIBE) == OUTREACH


def test_a_link_stays_the_same() -> None:
    assert answer_path(KEY, OUTREACH) == "/p/n4xv6duklrgqxg2xfjfa2tt4cedqeciv5oydr4vtplvhocuuyzxq"


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_of_one_purpose_serves_no_other(purpose: Purpose) -> None:
    others = [other for other in Purpose if other is not purpose]
    token = token_of(KEY, OUTREACH, purpose)
    assert [outreach_of(KEY, token, other) for other in others] == [None] * len(others)


def test_a_link_of_another_installation_is_refused() -> None:
    assert outreach_of(link_key(Settings(secret=SecretStr("b" * 32))), TOKEN) is None


def test_a_signature_of_another_outreach_is_refused() -> None:
    other = token_of(KEY, uuid4(), Purpose.ANSWER)
    assert outreach_of(KEY, TOKEN[:25] + other[25:]) is None


def test_an_address_of_a_recruiters_own_serves_no_other_recruiter() -> None:
    mine, others = uuid4(), uuid4()
    token = token_of(KEY, OUTREACH, Purpose.WRITE_BACK, mine)
    served = [is_ours(KEY, token, OUTREACH, Purpose.WRITE_BACK, w) for w in (mine, others, None)]
    assert served == [True, False, False]


@pytest.mark.parametrize("at", range(len(TOKEN)))
def test_no_letter_of_a_token_can_be_changed(at: int) -> None:
    changed = [TOKEN[:at] + letter + TOKEN[at + 1 :] for letter in LETTERS if letter != TOKEN[at]]
    assert [outreach_of(KEY, token) for token in changed] == [None] * len(changed)


@given(st.text() | st.text(alphabet=LETTERS + "=+/", min_size=51, max_size=54))
def test_no_other_text_is_a_token(token: str) -> None:
    assert outreach_of(KEY, token) is None


def test_a_mail_server_may_fold_the_case_of_a_token() -> None:
    assert outreach_of(KEY, TOKEN.upper()) == OUTREACH


def test_a_signature_has_at_least_128_bits() -> None:
    assert len(b32decode(f"{TOKEN}====", casefold=True)) - len(OUTREACH.bytes) >= 16
