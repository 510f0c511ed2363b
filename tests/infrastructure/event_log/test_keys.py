"""One key a person: made once, opened by the right secret alone, destroyed for good."""

import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag

from infrastructure.database.postgres import Pool
from infrastructure.event_log.keys import KEY_CACHE_SIZE, Key, Keyring, WrongSecret
from tests.support.databases import SECRET

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def keyring(pool: Pool) -> Keyring:
    return Keyring(pool, SECRET)


def destroy(keyring: Keyring, pool: Pool, person: object) -> None:
    with pool.connection() as db:
        db.execute(*keyring.destroying(person, NOW))  # type: ignore[arg-type]


def sealed_by(keyring: Keyring, person: object) -> bytes:
    key = keyring.encryption_keys([person])[person]  # type: ignore[list-item, index]
    assert key is not None
    return key.seal(b"in confidence", b"here")


def test_what_was_sealed_opens_in_its_place_alone() -> None:
    key = Key(bytes(32))
    sealed = key.seal(b"in confidence", b"here")
    assert key.open(sealed, b"here") == b"in confidence"
    with pytest.raises(InvalidTag):
        key.open(sealed, b"there")
    with pytest.raises(InvalidTag):
        Key(bytes(31) + b"\1").open(sealed, b"here")


@pytest.mark.parametrize("byte", [0, 5, 12, 20, -1])
def test_what_was_tampered_with_does_not_open(byte: int) -> None:
    key = Key(bytes(32))
    sealed = bytearray(key.seal(b"in confidence", b"here"))
    sealed[byte] ^= 1
    with pytest.raises(InvalidTag):
        key.open(bytes(sealed), b"here")


def test_the_same_never_looks_the_same() -> None:
    key = Key(bytes(32))
    assert len({key.seal(b"in confidence", b"here") for _ in range(100)}) == 100


def test_a_person_has_one_key_for_everybody_who_asks(keyring: Keyring, pool: Pool) -> None:
    person = uuid4()
    sealed = sealed_by(keyring, person)
    another = Keyring(pool, SECRET)
    assert another.decryption_keys([person])[person].open(sealed, b"here") == b"in confidence"
    assert keyring.decryption_keys([person])[person].open(sealed_by(another, person), b"here")


def test_many_who_make_a_key_at_once_make_one(pool: Pool) -> None:
    person, sealed = uuid4(), []
    start = threading.Barrier(8)

    def seal() -> None:
        ring = Keyring(pool, SECRET)
        start.wait()
        sealed.append(sealed_by(ring, person))

    threads = [threading.Thread(target=seal) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    key = Keyring(pool, SECRET).decryption_keys([person])[person]
    assert [key.open(one, b"here") for one in sealed] == [b"in confidence"] * 8


def test_two_persons_have_two_keys(keyring: Keyring) -> None:
    one, other = uuid4(), uuid4()
    sealed = sealed_by(keyring, one)
    sealed_by(keyring, other)
    with pytest.raises(InvalidTag):
        keyring.decryption_keys([other])[other].open(sealed, b"here")


def test_a_person_has_no_key_before_something_is_sealed(keyring: Keyring) -> None:
    assert keyring.decryption_keys([uuid4()]) == {}
    assert keyring.decryption_keys([]) == {}
    assert keyring.encryption_keys([]) == {}


def test_more_persons_than_are_kept_at_hand_have_their_keys_all_the_same(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEY_CACHE_SIZE > 100
    monkeypatch.setattr("infrastructure.event_log.keys.KEY_CACHE_SIZE", 3)
    small = Keyring(keyring._pool, SECRET)
    persons = [uuid4() for _ in range(10)]
    sealed = {person: sealed_by(small, person) for person in persons}
    assert set(small.encryption_keys(persons)) == set(persons)
    keys = small.decryption_keys(persons)
    assert all(keys[person].open(one, b"here") for person, one in sealed.items())


def test_a_destroyed_key_opens_and_seals_nothing_ever_again(keyring: Keyring, pool: Pool) -> None:
    person = uuid4()
    sealed_by(keyring, person)
    destroy(keyring, pool, person)
    assert keyring.decryption_keys([person]) == {}
    assert keyring.encryption_keys([person]) == {person: None}
    assert Keyring(pool, SECRET).encryption_keys([person]) == {person: None}
    assert Keyring(pool, SECRET).decryption_keys([person]) == {}


def test_a_key_may_be_destroyed_before_there_was_one(keyring: Keyring, pool: Pool) -> None:
    person = uuid4()
    destroy(keyring, pool, person)
    destroy(keyring, pool, person)
    assert keyring.encryption_keys([person]) == {person: None}


def test_what_another_process_seals_with_a_destroyed_key_is_unreadable_from_the_start(
    keyring: Keyring, pool: Pool
) -> None:
    person, another = uuid4(), Keyring(pool, SECRET)
    another.encryption_keys([person])
    destroy(keyring, pool, person)
    sealed_by(another, person)  # it does not know yet
    assert another.decryption_keys([person]) == {}


def test_no_key_lies_in_the_database_as_it_is(keyring: Keyring, pool: Pool) -> None:
    person = uuid4()
    sealed = sealed_by(keyring, person)
    with pool.connection() as db:
        ((wrapped,),) = db.execute("SELECT wrapped FROM person_keys").fetchall()
    for start in range(len(wrapped) - 31):
        with pytest.raises(InvalidTag):
            Key(bytes(wrapped)[start : start + 32]).open(sealed, b"here")


def test_another_secret_is_told_from_the_right_one(keyring: Keyring, pool: Pool) -> None:
    other = Keyring(pool, "another secret, which is just as long as the first")
    other.check()  # as long as there is nothing to tell it by
    person = uuid4()
    keyring.encryption_keys([person])
    keyring.check()
    for ask in (
        other.check,
        lambda: other.decryption_keys([person]),
        lambda: other.encryption_keys([person]),
    ):
        with pytest.raises(WrongSecret, match="SOURCING_SECRET"):
            ask()


def test_a_key_that_was_moved_to_another_person_does_not_open(keyring: Keyring, pool: Pool) -> None:
    one, other = uuid4(), uuid4()
    keyring.encryption_keys([one, other])
    with pool.connection() as db:
        move = """UPDATE person_keys SET wrapped = (
            SELECT wrapped FROM person_keys WHERE person_id = %s) WHERE person_id = %s"""
        db.execute(move, [one, other])
    with pytest.raises(WrongSecret):
        keyring.decryption_keys([other])
