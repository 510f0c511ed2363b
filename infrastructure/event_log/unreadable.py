"""Stored events that this program cannot read."""


class UnreadableEvent(ValueError):
    """A stored event cannot be read; `reason` says why, without any of its values."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(f"{topic} cannot be read: {reason}.")
        self.topic = topic
        self.reason = reason


class NewerEvent(UnreadableEvent):
    """An event was written by a newer program, in a version that this one does not know."""

    def __init__(self, topic: str, version: int, known: int) -> None:
        super().__init__(
            topic, f"it is of version {version}, and this program knows {known}: run the newer one"
        )
