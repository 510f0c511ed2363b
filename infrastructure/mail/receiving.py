"""Takes in the mail that people and mail servers send to the marketplace's reply address."""

from collections.abc import Sequence
from typing import Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from infrastructure.mail.addresses import token_in
from infrastructure.mail.server import Lmtp, MailServer, Smtp, Take, passed_on

MOST_RECIPIENTS = 100


class Receiving(MailServer):
    """A server for mail to the given addresses, with or without a token in their local part.

    It answers 250 once `take` has returned, 451 if it raised, 550 to other recipients. The
    envelope's sender goes in front of the mail as Return-Path (RFC 5321).
    """

    def __init__(
        self,
        take: Take,
        addresses: Sequence[str],
        *,
        protocol: Literal["lmtp", "smtp"] = "lmtp",
        host: str = "127.0.0.1",
        port: int = 0,
        hostname: str = "localhost",
    ) -> None:
        super().__init__(
            _Handler(take, addresses, answer_each=protocol == "lmtp"),
            Lmtp if protocol == "lmtp" else Smtp,
            host=host,
            port=port,
            hostname=hostname,
        )


class _Handler:
    """What aiosmtpd asks about each recipient and each mail."""

    def __init__(self, take: Take, addresses: Sequence[str], *, answer_each: bool) -> None:
        self._take = take
        self._addresses = addresses
        self._answer_each = answer_each

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if all(token_in(address, ours) is None for ours in self._addresses):
            return "550 5.1.1 No such address"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
    ) -> str:
        sender = (envelope.mail_from or "").strip("<>").encode(errors="surrogateescape")
        raw = b"Return-Path: <" + sender + b">\r\n" + (envelope.original_content or b"")
        taken = await passed_on(self._take, raw, list(envelope.rcpt_tos))
        answer = "250 2.0.0 Taken" if taken else "451 4.3.0 Try again later"
        # LMTP answers once for each recipient (RFC 2033).
        return "\r\n".join([answer] * (len(envelope.rcpt_tos) if self._answer_each else 1))
