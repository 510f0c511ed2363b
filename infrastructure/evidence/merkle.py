"""The Merkle tree over the event log: RFC 9162, kept in tiles of 256 hashes (C2SP tlog-tiles).

A subtree is complete once all of its leaves are there, and never changes from then on. A tile holds
the hashes of 256 neighbouring subtrees, each of 256 to the power of the tile's level leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

HASH_BYTES = 32
TILE_WIDTH = 256
TILE_HEIGHT = 8
TILE_BYTES = TILE_WIDTH * HASH_BYTES

ReadTile = Callable[[int, int], bytes]
"""The hashes of a tile, by its level and number, as far as they are there."""

EMPTY = sha256().digest()
"""The root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def grown(
    read: ReadTile, size: int, leaves: Sequence[bytes], level: int = 0
) -> Iterator[tuple[int, int, bytes]]:
    """The tiles that change when leaves are added to a tree of this size: level, number, hashes."""
    number, filled = divmod(size, TILE_WIDTH)
    hashes = (read(level, number)[: filled * HASH_BYTES] if filled else b"") + b"".join(leaves)
    complete = []
    for begin in range(0, len(hashes), TILE_BYTES):
        tile = hashes[begin : begin + TILE_BYTES]
        yield level, number, tile
        number += 1
        if len(tile) == TILE_BYTES:
            complete.append(root_over(tile))
    if complete:
        yield from grown(read, size // TILE_WIDTH, complete, level + 1)


class Tree:
    """A tree of a given size whose tiles can be read."""

    def __init__(self, read: ReadTile, size: int) -> None:
        self._read = read
        self.size = size

    def root(self) -> bytes:
        """The hash over all leaves."""
        return self._hash(0, self.size) if self.size else EMPTY

    def inclusion(self, index: int) -> list[bytes]:
        """The proof that a leaf is in the tree (RFC 9162, 2.1.3.1)."""
        if not 0 <= index < self.size:
            raise ValueError(f"the tree has {self.size} leaves, none of index {index}")
        begin, end, path = 0, self.size, []
        while end - begin > 1:
            middle = begin + _split(end - begin)
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(begin, middle))
                begin = middle
        return path[::-1]

    def consistency(self, earlier: int) -> list[bytes]:
        """The proof that this tree continues the one of an earlier size (RFC 9162, 2.1.4.1)."""
        if not 0 < earlier <= self.size:
            raise ValueError(f"the tree has {self.size} leaves; there was none of {earlier} before")
        begin, end, path = 0, self.size, []
        while earlier != end:
            middle = begin + _split(end - begin)
            if earlier <= middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(begin, middle))
                begin = middle
        return [*([self._hash(begin, end)] if begin else []), *reversed(path)]

    def _hash(self, begin: int, end: int) -> bytes:
        width = end - begin
        if width & (width - 1) == 0:
            return self._subtree(width.bit_length() - 1, begin)
        middle = begin + _split(width)
        return node_hash(self._hash(begin, middle), self._hash(middle, end))

    def _subtree(self, height: int, begin: int) -> bytes:
        """The hash over a complete subtree, found in the tile that holds it or its parts."""
        level, above = divmod(height, TILE_HEIGHT)
        number, offset = divmod(begin >> (level * TILE_HEIGHT), TILE_WIDTH)
        tile = self._read(level, number)
        return root_over(tile[offset * HASH_BYTES : (offset + (1 << above)) * HASH_BYTES])


def includes(root: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether a proof shows that a leaf is in the tree of this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, hash = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            hash = node_hash(sibling, hash)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash = node_hash(hash, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hash == root


def continues(
    earlier: int, earlier_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether a proof shows that a tree continues an earlier one (RFC 9162, 2.1.4.2)."""
    if earlier == size:
        return not path and earlier_root == root
    if not 0 < earlier < size or not path:
        return False
    if earlier & (earlier - 1) == 0:
        path = [earlier_root, *path]
    node, last = earlier - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and before == earlier_root and after == root


def root_over(hashes: bytes) -> bytes:
    """The hash over a power of two of hashes."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def _split(width: int) -> int:
    """The largest power of two below a width."""
    return int(1 << ((width - 1).bit_length() - 1))
