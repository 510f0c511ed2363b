"""What people wrote, in the bodies that their mail clients make of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.mail.reply_text import html_as_text, newly_written

OLDER = """Hi Jo,

we build robots. Shall we talk?

Robin"""
QUOTED = "\n".join(f"> {line}".strip() for line in OLDER.split("\n"))

BODIES = {
    "Gmail in English": f"""Yes, gladly. Tuesday works.

On Mon, Jan 5, 2026 at 10:00 AM Robin <reply+k7q2@sourcing.example> wrote:

{QUOTED}
""",
    "Gmail in English, its line broken": f"""Yes, gladly. Tuesday works.

On Mon, Jan 5, 2026 at 10:00 AM Robin of Nordlicht Robotics
<reply+k7q2@sourcing.example> wrote:

{QUOTED}
""",
    "Gmail in German": f"""Yes, gladly. Tuesday works.

Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Robin <
reply+k7q2@sourcing.example>:

{QUOTED}
""",
    "Gmail in French": f"""Yes, gladly. Tuesday works.

Le lun. 5 janv. 2026 à 10:00, Robin de Nordlicht Robotics <reply+k7q2@sourcing.example>
a écrit\xa0:

{QUOTED}
""",
    "Gmail in Japanese": f"""Yes, gladly. Tuesday works.

2026年1月5日(月) 10:00 Robin <reply+k7q2@sourcing.example>:

{QUOTED}
""",
    "Gmail in Spanish": f"""Yes, gladly. Tuesday works.

El lun, 5 ene 2026 a las 10:00, Robin (<reply+k7q2@sourcing.example>) escribió:

{QUOTED}
""",
    "Apple Mail in English": f"""Yes, gladly. Tuesday works.

> On 5. Jan 2026, at 10:00, Robin <reply+k7q2@sourcing.example> wrote:
>
{QUOTED}
""",
    "Apple Mail in German": f"""Yes, gladly. Tuesday works.

> Am 05.01.2026 um 10:00 schrieb Robin <reply+k7q2@sourcing.example>:
>
{QUOTED}
""",
    "Apple Mail in Japanese": f"""Yes, gladly. Tuesday works.

2026/01/05 10:00、Robin <reply+k7q2@sourcing.example>のメール:

{QUOTED}
""",
    "an iPhone in German": f"""Yes, gladly. Tuesday works.

Von meinem iPhone gesendet

Am 05.01.2026 um 10:00 schrieb Robin <reply+k7q2@sourcing.example>:

\ufeff{OLDER}
""",
    "an iPhone in English": f"""Yes, gladly. Tuesday works.

Sent from my iPhone

> On Jan 5, 2026, at 10:00 AM, Robin <reply+k7q2@sourcing.example> wrote:
>
{QUOTED}
""",
    "an iPhone in Japanese": f"""Yes, gladly. Tuesday works.

iPhoneから送信

2026/01/05 10:00、Robin <reply+k7q2@sourcing.example>のメール:

{QUOTED}
""",
    "Outlook in English": f"""Yes, gladly. Tuesday works.

Best regards,
Jo Müller
Engineer, Acme GmbH
+49 30 123456

From: Robin <reply+k7q2@sourcing.example>
Sent: Monday, January 5, 2026 10:00 AM
To: Jo Müller <jo@example.org>
Subject: A role for you

{OLDER}
""",
    "Outlook in German": f"""Yes, gladly. Tuesday works.

Mit freundlichen Grüßen
Jo Müller

Von: Robin <reply+k7q2@sourcing.example>
Gesendet: Montag, 5. Januar 2026 10:00
An: Jo Müller <jo@example.org>
Betreff: Eine Stelle für Sie

{OLDER}
""",
    "Outlook in French": f"""Yes, gladly. Tuesday works.

Cordialement,
Jo

De : Robin <reply+k7q2@sourcing.example>
Envoyé : lundi 5 janvier 2026 10:00
À : Jo Müller <jo@example.org>
Objet : Un poste pour vous

{OLDER}
""",
    "Outlook in Japanese": f"""Yes, gladly. Tuesday works.

差出人: Robin <reply+k7q2@sourcing.example>
送信日時: 2026年1月5日 10:00
宛先: Jo Müller <jo@example.org>
件名: A role for you

{OLDER}
""",
    "Outlook on a phone": f"""Yes, gladly. Tuesday works.

Get Outlook for iOS<https://aka.ms/o0ukef>
________________________________
From: Robin <reply+k7q2@sourcing.example>
Sent: Monday, January 5, 2026 10:00:00 AM
To: Jo Müller <jo@example.org>
Subject: A role for you

{OLDER}
""",
    "old Outlook": f"""Yes, gladly. Tuesday works.

-----Ursprüngliche Nachricht-----
Von: Robin
Gesendet: Montag, 5. Januar 2026 10:00

{OLDER}
""",
    "Thunderbird with a signature": f"""Yes, gladly. Tuesday works.

On 1/5/26 10:00, Robin wrote:
{QUOTED}
\x20
--\x20
Jo Müller
Acme GmbH
""",
    "an answer below": f"""On Mon, 5 Jan 2026 at 10:00, Robin <reply+k7q2@sourcing.example> wrote:
{QUOTED}

Yes, gladly. Tuesday works.

--\x20
Jo
""",
    "QQ Mail": f"""Yes, gladly. Tuesday works.

------------------ 原始邮件 ------------------
发件人: "Robin" <reply+k7q2@sourcing.example>;
发送时间: 2026年1月5日(星期一) 上午10:00

{OLDER}
""",
    "no quotation": "Yes, gladly. Tuesday works.\n",
}


@pytest.mark.parametrize("client", BODIES)
def test_only_what_is_new_stays(client: str) -> None:
    assert newly_written(BODIES[client]) == "Yes, gladly. Tuesday works."
    assert newly_written(BODIES[client].replace("\n", "\r\n")) == "Yes, gladly. Tuesday works."


def test_answers_between_the_quoted_lines_stay() -> None:
    text = """Hi Robin, see below.

On Mon, 5 Jan 2026 at 10:00, Robin <reply+k7q2@sourcing.example> wrote:
> Where would you work?
From Berlin.

> And when?
In May.
"""
    assert newly_written(text) == "Hi Robin, see below.\n\nFrom Berlin.\n\nIn May."


@pytest.mark.parametrize(
    "text",
    [
        "Hi Robin,\n\nThanks, I'd love to talk. Call me on Monday.",
        "Monday:\nFrom: 9:00\nTo: 17:00",
        "I have two questions:\n- Where is it?\n- What does it pay?",
        "A: yes\nA: no",
        "Danke,\ndas passt. Am Montag schrieb mir schon jemand von euch.",
        "On Monday I can't.\n\nTuesday: yes",
        "Warning: my mail is read by my wife, too. Tak for mailen.",
        "Yes!\n\nBest regards,\nJo\n\nPS: Only from May on.",
        "Regards from Berlin! I'm interested.",
        "x" * 1000 + " On Monday he wrote:",
        "   Wrapped and\nindented   ".strip(),
    ],
)
def test_what_only_looks_like_a_quotation_or_signature_stays(text: str) -> None:
    assert newly_written(text) == text


def test_a_mail_that_is_nothing_but_quotation_keeps_it() -> None:
    text = "From: Robin\nSent: Monday\nTo: Jo\nSubject: A role\n\nShall we talk?"
    assert newly_written(text) == text


@given(st.text(max_size=2000))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(newly_written(text), str)


@given(st.text(alphabet="<>/abdivpre=\"' &;!-[]?", max_size=500))
def test_any_html_can_be_read(html: str) -> None:
    assert isinstance(html_as_text(html), str)


def test_html_of_gmail_is_read_without_quotation_and_signature() -> None:
    html = """<div dir="ltr">Yes, gladly.<div>Tuesday works.</div><br>
<span class="gmail_signature_prefix">-- </span><br>
<div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">Jo, Acme</div></div>
<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Jan 5, 2026 at 10:00 AM Robin
&lt;<a href="mailto:r@x.org">r@x.org</a>&gt; wrote:<br></div>
<blockquote class="gmail_quote" style="margin:0px"><div>Shall we talk?</div></blockquote></div>"""
    assert newly_written(html_as_text(html)) == "Yes, gladly.\nTuesday works."


def test_html_of_outlook_is_read_without_quotation() -> None:
    html = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p {margin:0}
</style></head><body><div class="WordSection1"><p class="MsoNormal">Ja, gerne.<o:p></o:p></p>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p>
<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>Von:</b> Robin
&lt;r@x.org&gt; <br><b>Gesendet:</b> Montag, 5. Januar 2026 10:00<br><b>An:</b> Jo<br>
<b>Betreff:</b> Eine Stelle<o:p></o:p></p></div><p class="MsoNormal">Reden wir?</p></div></body>"""
    assert newly_written(html_as_text(html)) == "Ja, gerne."


def test_what_html_hides_is_not_read() -> None:
    html = "<style>p { color: red }</style><script>alert(1)</script><p>Yes</p><!-- no -->"
    assert html_as_text(html) == "Yes"
