from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.mail.outgoing import OutgoingMail, as_bytes
from infrastructure.mail.signing import DkimKey, read_dkim_key

LETTER = OutgoingMail(
    message_id="<k7q2@sourcing.example>",
    to="jo@example.org",
    to_name="Jo Müller",
    sender_name="Robin, Nordlicht Robotics",
    sender="messages@sourcing.example",
    reply_to="reply+k7q2@sourcing.example",
    subject="A role for you: Straßenbahn 路面電車",
    text="We build robots.\n\nShall we talk?\n",
    html="<p>We build robots.</p><p>Shall we talk?</p>",
    date=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
    unsubscribe_url="https://sourcing.example/stop/" + "t" * 300,
)


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def letter(**changes: object) -> EmailMessage:
    return read(as_bytes(replace(LETTER, **changes), None))  # type: ignore[arg-type]


def test_a_letter_says_who_writes_to_whom_about_what() -> None:
    message = letter()
    assert message["From"] == '"Robin, Nordlicht Robotics" <messages@sourcing.example>'
    assert message["To"] == "Jo Müller <jo@example.org>"
    assert message["Reply-To"] == "reply+k7q2@sourcing.example"
    assert message["Subject"] == LETTER.subject
    assert message["Date"].datetime == LETTER.date
    assert message["Message-ID"] == LETTER.message_id


def test_it_has_its_text_as_text_and_html() -> None:
    message = letter(text="Grüße 🚋\n", html="<p>Grüße 🚋</p>")
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (text.get_content_type(), text.get_content()) == ("text/plain", "Grüße 🚋\r\n")
    assert (html.get_content_type(), html.get_content()) == ("text/html", "<p>Grüße 🚋</p>\r\n")


def test_every_line_is_in_ascii_and_short_enough_for_any_server() -> None:
    raw = as_bytes(replace(LETTER, text="ü" * 5000 + "\n" + "x" * 5000), None)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_one_click_stops_all_messages() -> None:
    raw = as_bytes(LETTER, None)
    assert b"\r\nList-Unsubscribe: <" + str(LETTER.unsubscribe_url).encode() + b">\r\n" in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_a_letter_that_nobody_can_unsubscribe_from_has_no_such_header() -> None:
    assert b"List-Unsubscribe" not in as_bytes(replace(LETTER, unsubscribe_url=None), None)


def test_a_thread_stays_together() -> None:
    ids = tuple(f"<{n}{'x' * 100}@sourcing.example>" for n in range(20))
    message = letter(in_reply_to=ids[-1], references=ids)
    assert message["In-Reply-To"] == ids[-1]
    assert message["References"].split() == list(ids)


def test_an_invitation_comes_with_its_method() -> None:
    calendar = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Gespr\xc3\xa4ch\r\nEND:VCALENDAR\r\n"
    message = letter(calendar=calendar, calendar_method="REQUEST")
    *_, part = message.iter_parts()
    assert isinstance(part, EmailMessage)
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params["method"] == "REQUEST"
    assert part.get_content().encode() == calendar


def test_more_headers_can_be_added() -> None:
    assert letter(headers={"Auto-Submitted": "auto-generated"})["Auto-Submitted"] == (
        "auto-generated"
    )


@pytest.mark.parametrize("name", ["From", "subject", "Content-Type", "X: y\r\nBcc", "", "Bcc x"])
def test_but_none_that_replaces_one_or_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="not a header to add"):
        letter(headers={name: "all@example.org"})


BREAKS = st.text(st.sampled_from('a :\r\n\x0b\x0c\x1c\x85\u2028\x00@<>,;"=?ü'), max_size=80)


@given(BREAKS, BREAKS, BREAKS, BREAKS)
def test_no_text_can_add_a_header(name: str, sender: str, subject: str, value: str) -> None:
    message = letter(
        to_name=f"Jo\r\nBcc: all@example.org{name}",
        sender_name=f"Robin\nBcc: all@example.org{sender}",
        subject=f"Role\rBcc: all@example.org{subject}",
        headers={"X-Kind": f"letter\r\n\r\nBcc: all@example.org{value}"},
    )
    assert sorted(message.keys()) == sorted([*letter().keys(), "X-Kind"])
    assert [a.addr_spec for a in message["To"].addresses] == ["jo@example.org"]
    assert [a.addr_spec for a in message["From"].addresses] == ["messages@sourcing.example"]


@pytest.mark.parametrize("field", ["to", "sender", "reply_to"])
@pytest.mark.parametrize("wrong", ["a@b\r\nBcc: c@d", "a@b, c@d", "Jo <a@b>", "a b@c", "a", "@b"])
def test_what_is_no_address_is_refused(field: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        letter(**{field: wrong})


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "<a@b>\r\nBcc: c@d"},
        {"in_reply_to": "a b@c"},
        {"references": ("<a@b>", "<c\n@d>")},
        {"unsubscribe_url": "https://a.example/>\r\nBcc: c@d"},
        {"unsubscribe_url": "javascript:alert(1)"},
    ],
)
def test_an_id_or_web_address_that_is_none_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is not a"):
        letter(**changes)


def test_a_domain_outside_ascii_is_written_in_ascii() -> None:
    assert b"<jo@xn--bcher-kva.example>" in as_bytes(replace(LETTER, to="jo@bücher.example"), None)


def test_a_local_part_outside_ascii_is_written_in_utf8() -> None:
    raw = as_bytes(replace(LETTER, to="jürgen@example.org"), None)
    assert "<jürgen@example.org>".encode() in raw


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def key(private_key: rsa.RSAPrivateKey, tmp_path: Path) -> DkimKey:
    path = tmp_path / "dkim.pem"
    path.write_bytes(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return read_dkim_key(path, "sourcing.example", "s1")


def verifies(raw: bytes, key: rsa.RSAPrivateKey) -> bool:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    published = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return published if name == b"s1._domainkey.sourcing.example." else None

    return bool(dkim.verify(raw, dnsfunc=look_up))


def test_a_signed_letter_is_verified_by_its_receiver(
    key: DkimKey, private_key: rsa.RSAPrivateKey
) -> None:
    calendar = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    for mail in (LETTER, replace(LETTER, references=("<a@b>", "<c@d>"), calendar=calendar)):
        assert verifies(as_bytes(mail, key), private_key)


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
        (b"\r\nList-Unsubscribe: <https://s", b"\r\nList-Unsubscribe: <https://e"),
        (b"\r\nReply-To: reply", b"\r\nReply-To: other"),
        (b"\r\nDate: Mon", b"\r\nDate: Tue"),
        (b"\r\nMessage-ID: <k", b"\r\nMessage-ID: <l"),
        (b"\r\nMIME-Version: 1.0", b"\r\nMIME-Version: 1.1"),
        (b"multipart/alternative", b"multipart/mixed"),
        (b"We build robots.", b"We build weapons."),
        (b"\r\nSubject: ", b"\r\nReply-To: other@example.org\r\nSubject: "),
        (b"\r\nSubject: ", b"\r\nList-Unsubscribe-Post: x\r\nSubject: "),
        (b"\r\nSubject: ", b"\r\nSubject: Another\r\nSubject: "),
    ],
)
def test_a_changed_letter_is_not(
    key: DkimKey, private_key: rsa.RSAPrivateKey, written: bytes, changed: bytes
) -> None:
    raw = as_bytes(LETTER, key)
    assert written in raw
    assert not verifies(raw.replace(written, changed, 1), private_key)


def test_a_key_is_not_shown(key: DkimKey) -> None:
    assert "PRIVATE" not in repr(key)


def test_a_file_without_an_rsa_key_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("no key")
    with pytest.raises(ValueError, match="PEM"):
        read_dkim_key(path, "sourcing.example", "s1")
    other = ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ValueError, match="RSA"):
        read_dkim_key(path, "sourcing.example", "s1")
