"""Signed checkpoints: read back as they were signed, and not otherwise."""

import pytest

from infrastructure.evidence.checkpoints import BadCheckpoint, Checkpoint, Signer, opened

SIGNER = Signer("log.example/sourcing", "s" * 40)
NOTE = SIGNER.sign(5, b"\x05" * 32)


def test_a_checkpoint_is_read_as_it_was_signed() -> None:
    assert opened(NOTE, SIGNER.verifier) == Checkpoint("log.example/sourcing", 5, b"\x05" * 32)


def test_signatures_of_witnesses_are_passed_over() -> None:
    witness = Signer("witness.example", "w" * 40).sign(5, b"\x05" * 32).splitlines()[-1]
    assert opened(f"{NOTE}{witness}\n", SIGNER.verifier).size == 5


@pytest.mark.parametrize(
    "note",
    [
        NOTE.replace("\n5\n", "\n6\n"),
        NOTE.replace("BQUF", "BQUG", 1),
        NOTE.replace("log.example", "log.exampl"),
        NOTE.rpartition("\n\n")[0],
        NOTE.replace("\N{EM DASH}", "-"),
        Signer("log.example/sourcing", "t" * 40).sign(5, b"\x05" * 32),
        "",
        "\n\n",
        "a\nb\n\n\N{EM DASH} log.example/sourcing !!!\n",
    ],
)
def test_any_other_note_is_refused(note: str) -> None:
    with pytest.raises(BadCheckpoint):
        opened(note, SIGNER.verifier)
