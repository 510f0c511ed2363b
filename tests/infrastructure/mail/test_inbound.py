from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.mail.inbound import Inbound, read

ORIGINAL = "<k7q2@sourcing.example>"


def mail(*headers: str, body: str = "Yes!\n", **more: str) -> bytes:
    """A mail from Jo with these headers."""
    lines = [
        f"From: {more.get('sender', 'Jo <jo@example.org>')}",
        "To: Robin <reply+k7q2@sourcing.example>",
        f"Subject: {more.get('subject', 'Re: A role for you')}",
        "Message-ID: <1@example.org>",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body.replace("\n", "\r\n")).encode()


def encoded(body: bytes, charset: str) -> bytes:
    content_type = f"Content-Type: text/plain; charset={charset}"
    return (
        mail("MIME-Version: 1.0", content_type, "Content-Transfer-Encoding: 8bit", body="") + body
    )


def report(kind: str, *parts: str) -> bytes:
    """A multipart/report of a mail server."""
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    return mail(
        "Return-Path: <>",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"',
        sender="Mail Delivery System <MAILER-DAEMON@mx.example.org>",
        subject="Undelivered Mail Returned to Sender",
        body=body,
    )


def test_a_reply_says_who_answers_what() -> None:
    references = "References: <0@sourcing.example>\r\n <k7q2@sourcing.example>"
    assert read(mail(f"In-Reply-To: {ORIGINAL}", references)) == Inbound(
        "reply",
        sender="jo@example.org",
        recipients=("reply+k7q2@sourcing.example",),
        subject="Re: A role for you",
        message_id="<1@example.org>",
        in_reply_to=ORIGINAL,
        references=("<0@sourcing.example>", ORIGINAL),
        text="Yes!",
    )


def test_the_recipients_of_the_envelope_come_first_and_those_of_other_headers_too() -> None:
    headers = ["Delivered-To: a@x.org", "Delivered-To: b@x.org", "Cc: c@x.org, <d@x.org>"]
    found = read(mail(*headers), ["reply+k7q2@sourcing.example", "e@x.org"]).recipients
    assert found == (
        "reply+k7q2@sourcing.example", "e@x.org", "a@x.org", "b@x.org", "c@x.org", "d@x.org",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("iso-2022-jp", "iso2022_jp"),
        ("Shift_JIS", "shift_jis"),
        ("gb2312", "gb18030"),
        ("GB18030", "gb18030"),
        ("euc-kr", "euc_kr"),
        ("utf-8", "utf-8"),
        ("unknown-8bit", "utf-8"),
    ],
)
def test_a_text_in_any_charset_is_read(charset: str, codec: str) -> None:
    text = "会社" if codec != "euc_kr" else "회사"
    assert read(encoded(text.encode(codec), charset)).text == text


@pytest.mark.parametrize("charset", ["windows-1252", "iso-8859-1", "utf-8", "us-ascii", "nonsense"])
def test_a_text_whose_charset_is_wrong_is_read_as_what_most_are(charset: str) -> None:
    assert read(encoded("Grüße für 5 €".encode("cp1252"), charset)).text == "Grüße für 5 €"


def test_encoded_headers_are_read() -> None:
    sender = "=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <yamada@example.jp>"
    found = read(mail(sender=sender, subject="=?utf-8?Q?Stra=C3=9Fenbahn?="))
    assert (found.sender, found.subject) == ("yamada@example.jp", "Straßenbahn")


def test_a_mail_that_has_only_html_is_read() -> None:
    content_type = "Content-Type: text/html; charset=utf-8"
    found = read(mail(content_type, body="<p>Yes,</p><p>gladly.</p><blockquote type=cite>Old"))
    assert found.text == "Yes,\n\ngladly."


def test_of_text_and_html_the_text_is_read_and_attachments_are_named() -> None:
    message = EmailMessage()
    message["From"] = "jo@example.org"
    message.set_content("Yes!")
    message.add_alternative("<p>No!</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="CV Jo.pdf")
    message.add_attachment("secret", filename="notes.txt")
    message.add_attachment(message_of("Another", "Hidden"))
    found = read(message.as_bytes())
    assert found.text == "Yes!"
    assert found.attachments == ("CV Jo.pdf", "notes.txt", "message/rfc822")


def message_of(subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content(text)
    return message


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied; owner-email=jo@example.org",
        "Auto-Submitted: auto-generated",
        "X-Autoreply: yes",
        "X-Autorespond: Away",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "Return-Path: <>",
    ],
)
def test_what_marks_itself_as_automatic_is_no_reply(header: str) -> None:
    assert read(mail(header)).kind == "automatic"


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: A role for you",
        "Out of Office: A role for you",
        "Out of the office until 12 January",
        "Automatische Antwort: A role for you",
        "Abwesenheitsnotiz: Jo Müller",
        "Réponse automatique : A role for you",
        "Absence du bureau",
        "Respuesta automática: A role for you",
        "Risposta automatica: A role for you",
        "自動返信: A role for you",
        "【自動応答】不在のお知らせ",
        "自动回复: A role for you",
    ],
)
def test_out_of_office_is_recognised_by_its_subject(subject: str) -> None:
    assert read(mail(subject=subject)).kind == "automatic"


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "X-Autoreply: no", "Precedence: normal", "X-Priority: 1"]
)
def test_a_mail_that_says_that_it_is_not_automatic_is_a_reply(header: str) -> None:
    assert read(mail(header)).kind == "reply"


@pytest.mark.parametrize(
    "subject", ["Re: Out of office robots", "AW: Automatische Antwort", "Automation engineer", ""]
)
def test_a_subject_that_only_mentions_it_is_one_of_a_reply(subject: str) -> None:
    assert read(mail(subject=subject)).kind == "reply"


POSTFIX = report(
    "delivery-status",
    "Content-Type: text/plain\n\nI'm sorry to have to inform you that your message could not\n"
    "be delivered to one or more recipients.\n",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n"
    "X-Postfix-Queue-ID: 4T7\nArrival-Date: Mon,  5 Jan 2026 10:00:00 +0100\n\n"
    "Final-Recipient: rfc822; jo@example.org\nOriginal-Recipient: rfc822;jo@example.org\n"
    "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mail.example.org\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <jo@example.org>: Recipient address rejected:\n"
    "    User unknown in virtual mailbox table\n",
    f"Content-Type: message/rfc822\n\nFrom: us@sourcing.example\nMessage-ID: {ORIGINAL}\n\nHi Jo\n",
)
EXCHANGE = report(
    "delivery-status",
    "Content-Type: text/html\n\n<p>Your message to jo@example.org couldn't be delivered.</p>\n",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns;AM0PR0.outlook.com\n\n"
    "Final-Recipient: rfc822;jo@example.org\nAction: failed\nStatus: 5.1.10\n"
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found\n",
    f"Content-Type: message/rfc822\n\nMessage-ID: {ORIGINAL}\nSubject: A role\n\nHi Jo\n",
)
GMAIL = report(
    "delivery-status",
    "Content-Type: text/plain\n\n** Address not found **\n",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; googlemail.com\n\n"
    "Final-Recipient: rfc822; jo@example.org\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\n"
    " 550 5.1.1  https://support.google.com/mail/?p=NoSuchUser\n",
    f"Content-Type: text/rfc822-headers\n\nMessage-ID: {ORIGINAL}\nTo: jo@example.org\n",
)


@pytest.mark.parametrize("raw", [POSTFIX, EXCHANGE, GMAIL], ids=["Postfix", "Exchange", "Gmail"])
def test_a_bounce_says_whom_which_mail_did_not_reach(raw: bytes) -> None:
    found = read(raw)
    assert found.kind == "bounce"
    assert found.bounce is not None
    assert found.bounce.recipient == "jo@example.org"
    assert found.bounce.status.startswith("5.1.1")
    assert found.bounce.original_message_id == ORIGINAL
    assert found.bounce.permanent
    assert found.bounce.bad_address


def status_report(action: str, status: str, diagnosis: str) -> bytes:
    return report(
        "delivery-status",
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
        f"Final-Recipient: rfc822; jo@example.org\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {diagnosis}\n",
    )


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_of_a_mail_that_may_still_arrive_is_no_bounce(action: str) -> None:
    found = read(status_report(action, "4.4.1", "connection timed out"))
    assert (found.kind, found.bounce) == ("automatic", None)


def test_a_mail_given_up_after_retries_leaves_its_address_good() -> None:
    found = read(status_report("failed", "4.4.7", "450 4.4.7 Delivery time expired")).bounce
    assert found is not None
    assert (found.permanent, found.bad_address) == (False, False)


def test_a_mail_refused_for_its_content_leaves_its_address_good() -> None:
    found = read(status_report("failed", "5.7.1", "550 5.7.1 Looks like spam")).bounce
    assert found is not None
    assert (found.permanent, found.bad_address) == (True, False)


def test_a_bounce_in_no_standard_form_is_recognised() -> None:
    body = f"""Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<jo@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: {ORIGINAL}
Subject: A role for you

Hi Jo
"""
    found = read(mail("Return-Path: <>", sender="MAILER-DAEMON@mx.example.org", body=body))
    assert found.kind == "bounce"
    assert found.bounce is not None
    assert (found.bounce.recipient, found.bounce.status) == ("jo@example.org", "5.1.1")
    assert found.bounce.original_message_id == ORIGINAL


def test_a_person_who_quotes_a_bounce_has_not_bounced() -> None:
    body = "<robin@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n"
    assert read(mail(body=body)).kind == "reply"


def complaint(feedback_type: str) -> bytes:
    return report(
        "feedback-report",
        "Content-Type: text/plain\n\nThis is an email abuse report.\n",
        f"Content-Type: message/feedback-report\n\nFeedback-Type: {feedback_type}\n"
        "User-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Rcpt-To: <jo@example.org>\n",
        f"Content-Type: message/rfc822\n\nMessage-ID: {ORIGINAL}\nTo: jo@example.org\n\nHi Jo\n",
    )


def test_a_complaint_says_who_complains_of_what() -> None:
    found = read(complaint("abuse"))
    assert found.kind == "complaint"
    assert found.complaint is not None
    assert found.complaint.recipient == "jo@example.org"
    assert found.complaint.original_message_id == ORIGINAL


def test_whoever_says_that_it_is_no_spam_does_not_complain() -> None:
    assert read(complaint("not-spam")).kind == "automatic"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 1000,
        b"no header at all",
    ],
)
def test_what_is_no_mail_is_unreadable(raw: bytes) -> None:
    assert read(raw).kind == "unreadable"


@pytest.mark.parametrize(
    "broken",
    [
        mail("MIME-Version: 1.0", "Content-Type: multipart/mixed", body="Yes!\n"),
        mail("Content-Type: multipart/mixed; boundary=x", body="--x\n\nYes!\n"),
        mail("Content-Type: text/plain; charset*=nonsense''%zz"),
        mail("Content-Transfer-Encoding: nonsense"),
        mail("In-Reply-To: nonsense <", "References: <<>> <", "Cc: <,;:@>"),
        mail("Content-Type: text/plain; name*0*=utf-8''%E4; name*1=x; charset=\"\x00\""),
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_can_be(broken: bytes) -> None:
    found = read(broken)
    assert found.kind == "reply"
    assert "Yes!" in found.text or found.attachments


@pytest.mark.parametrize("raw", [POSTFIX, EXCHANGE, GMAIL, complaint("abuse"), mail("Date: x")])
def test_a_mail_that_ends_anywhere_can_be_read(raw: bytes) -> None:
    for end in range(0, len(raw), 29):
        assert read(raw[:end]).kind


@given(st.binary(max_size=300), st.integers(0, 700), st.sampled_from([POSTFIX, EXCHANGE, GMAIL]))
def test_a_mail_with_anything_in_it_can_be_read(junk: bytes, at: int, raw: bytes) -> None:
    found = read(raw[:at] + junk + raw[at:])
    assert isinstance(found.text, str)
    found.text.encode()
    found.subject.encode()


@pytest.mark.slow
def test_a_huge_mail_is_read() -> None:
    nested = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(2000)
    )
    huge = [
        mail(body="On " * 4_000_000),
        mail("Content-Type: text/html", body="<blockquote type=cite>" * 500_000),
        mail(*["References: <a@b>"] * 10_000),
        mail(nested, body="Yes"),
        mail("X: " + "<a@b> " * 500_000),
        mail("To: " + "a@b.org, " * 5_000),
    ]
    for raw in huge:
        assert read(raw).kind
