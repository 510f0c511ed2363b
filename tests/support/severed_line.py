"""A connection to the server that a test can cut."""

import socket
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.concurrency import SECONDS


@dataclass
class Line:
    """A connection to the server that can be cut at a chosen message.

    Armed, it lets the next message of the client through or not, now or late, and never the reply.
    A late message arrives once the client has connected `late_after` times more.
    """

    server: str
    folder: Path
    armed: str | None = None
    cuts: int = 0
    late_after: int = 1
    late_arrived: threading.Event = field(default_factory=threading.Event)
    _connections: int = 0
    _connected: threading.Condition = field(default_factory=threading.Condition)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> str:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._stack.callback(self._listener.close)
        threading.Thread(target=self._accept, daemon=True).start()
        return make_conninfo(self.server, host=str(self.folder), port=5432)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._stack.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                for one in (client, server):
                    self._stack.callback(one.close)
                down = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                down.start()
                threading.Thread(target=self._up, args=(client, server, down), daemon=True).start()
                with self._connected:
                    self._connections += 1
                    self._connected.notify_all()

    def _connect(self) -> socket.socket:
        parts = conninfo_to_dict(self.server)
        host, port = str(parts.get("host") or "localhost"), int(parts.get("port") or 5432)
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
            return server
        return socket.create_connection((host, port))

    def _up(self, client: socket.socket, server: socket.socket, down: threading.Thread) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                how, self.armed = self.armed, None
                if how is None:
                    server.sendall(data)
                    continue
                self.cuts += 1
                if how == "request lost":
                    hang_up(client, server)
                elif how == "reply lost":
                    hang_up(client)
                    server.sendall(data)
                elif how == "request late":
                    enough = self._connections + self.late_after
                    hang_up(client)
                    self._wait_for_connections(enough)
                    server.sendall(data)
                    down.join(SECONDS)  # it ends with the reply, which it cannot deliver
                    hang_up(server)
                    self.late_arrived.set()
                return
            hang_up(server)

    def _wait_for_connections(self, enough: int) -> None:
        with self._connected:
            self._connected.wait_for(lambda: self._connections >= enough, SECONDS)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        hang_up(target)


def hang_up(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
