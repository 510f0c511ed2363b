"""The log's tree, against the definitions of RFC 9162 written down a second time."""

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as some

from infrastructure.evidence.merkle import (
    EMPTY,
    TILE_WIDTH,
    Tree,
    continues,
    grown,
    includes,
    leaf_hash,
)

LEAVES = [leaf_hash(b"%d" % number) for number in range(3 * TILE_WIDTH)]
sizes = some.integers(1, len(LEAVES))
EDGES = {TILE_WIDTH - 1, TILE_WIDTH, TILE_WIDTH + 1, 2 * TILE_WIDTH}


def root_by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = root_by_definition(leaves[:half]), root_by_definition(leaves[half:])
    return sha256(b"\x01" + left + right).digest()


def tree(leaves: list[bytes], steps: list[int] | None = None) -> Tree:
    """A tree that grew in steps of these sizes."""
    tiles: dict[tuple[int, int], bytes] = {}
    begin = 0
    for end in [*sorted(step for step in steps or () if step < len(leaves)), len(leaves)]:
        read = lambda level, number: tiles[level, number]  # noqa: E731 - as `Tree` is given it
        changed = [*grown(read, begin, leaves[begin:end])]
        tiles.update({(level, number): hashes for level, number, hashes in changed})
        begin = end
    return Tree(lambda level, number: tiles[level, number], len(leaves))


@settings(max_examples=60)
@given(size=sizes, steps=some.lists(sizes, max_size=5))
def test_the_root_is_that_of_the_definition_however_the_tree_grew(
    size: int, steps: list[int]
) -> None:
    assert tree(LEAVES[:size], steps).root() == root_by_definition(LEAVES[:size])


def test_a_tree_without_leaves_has_the_root_of_nothing() -> None:
    assert tree([]).root() == root_by_definition([]) == EMPTY


@settings(max_examples=60)
@given(size=sizes | some.sampled_from(sorted(EDGES)), index=some.integers(0, len(LEAVES)))
def test_every_leaf_is_proven_and_no_other_at_its_place(size: int, index: int) -> None:
    index %= size
    grown_tree = tree(LEAVES[:size])
    root, path = grown_tree.root(), grown_tree.inclusion(index)
    assert includes(root, size, index, LEAVES[index], path)
    assert not includes(root, size, index, leaf_hash(b"another"), path)
    assert not includes(root, size, (index + 1) % size, LEAVES[index], path) or size == 1


@settings(max_examples=60)
@given(earlier=sizes | some.sampled_from(sorted(EDGES)), later=sizes)
def test_a_tree_is_proven_to_continue_every_earlier_one(earlier: int, later: int) -> None:
    earlier, later = sorted((earlier, later))
    before, after = tree(LEAVES[:earlier]), tree(LEAVES[:later])
    path = after.consistency(earlier)
    assert continues(earlier, before.root(), later, after.root(), path)


@settings(max_examples=30)
@given(earlier=sizes, later=sizes)
def test_a_tree_with_another_leaf_continues_no_earlier_one(earlier: int, later: int) -> None:
    earlier, later = sorted((earlier, later))
    changed = [leaf_hash(b"another"), *LEAVES[1:later]]
    before, after = tree(LEAVES[:earlier]), tree(changed)
    assert not continues(earlier, before.root(), later, after.root(), after.consistency(earlier))
