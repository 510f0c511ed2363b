"""A mail server on this machine that shows letters instead of delivering them, for the demo."""

from aiosmtpd.smtp import SMTP, Envelope, Session

from infrastructure.mail.server import MailServer, Take, passed_on

LOOPBACK = "127.0.0.1"


class Sink(MailServer):
    """Passes every letter sent to it from this machine to `keep`, and relays nothing."""

    def __init__(self, keep: Take, port: int = 0) -> None:
        super().__init__(_Handler(keep), host=LOOPBACK, port=port)


class _Handler:
    def __init__(self, keep: Take) -> None:
        self._keep = keep

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
    ) -> str:
        raw = envelope.original_content or b""
        if await passed_on(self._keep, raw, list(envelope.rcpt_tos)):
            return "250 2.0.0 Kept"
        return "451 4.3.0 Try again later"
