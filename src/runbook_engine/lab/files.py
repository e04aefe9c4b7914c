"""SFTP of one make-believe host: every call is made by the host's first process, inside its walls."""

import errno
import os
import posixpath
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncssh

from runbook_engine.lab.guest.init import NAMES_AT_ONCE
from runbook_engine.lab.guest.walls import OPS
from runbook_engine.lab.machine import Machine

_READ, _WRITE, _APPEND, _CREATE, _TRUNCATE, _EXCLUSIVE = 1, 2, 4, 8, 16, 32  # SSH_FXF_…
_NEW_FILE, _NEW_FOLDER = 0o644, 0o755
_NAMES: dict[int | None, str] = {0: "root", OPS: "ops"}


class Files(asyncssh.SFTPServer):
    """What a client of SFTP sees: the same tree as a command on that host."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], machine: Machine) -> None:
        super().__init__(chan)
        self._machine = machine
        user = chan.get_connection().get_extra_info("username")
        self._home = "/root" if user == "root" else f"/home/{user}"

    def _full(self, path: bytes) -> str:
        return posixpath.join(self._home, os.fsdecode(path))

    async def _ask(self, call: str, path: bytes, *arguments: object) -> Any:
        value, _ = await self._machine.file(call, self._full(path), *arguments)
        return value

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> int:
        """A descriptor of the file, opened inside the walls."""
        mode = _NEW_FILE if attrs.permissions is None else attrs.permissions & 0o7777
        _, fds = await self._machine.file("open", self._full(path), open_flags(pflags), mode)
        return fds[0]

    def close(self, file_obj: object) -> None:
        """Close a descriptor."""
        os.close(descriptor(file_obj))

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Bytes of an open file."""
        return os.pread(descriptor(file_obj), size, offset)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write into an open file."""
        return os.pwrite(descriptor(file_obj), data, offset)

    def fsync(self, file_obj: object) -> None:
        """Bring an open file to the disk."""
        os.fsync(descriptor(file_obj))

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """About an open file."""
        told = [int(number) for number in os.fstat(descriptor(file_obj))]
        told[4:6] = [OPS, OPS]  # outside the walls its owner has another number
        return attributes(told)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """Change size, mode and times of an open file; the owner is make-believe."""
        number = descriptor(file_obj)
        if attrs.size is not None:
            os.ftruncate(number, attrs.size)
        if attrs.permissions is not None:
            os.fchmod(number, attrs.permissions & 0o7777)
        if attrs.atime is not None and attrs.mtime is not None:
            os.utime(number, (attrs.atime, attrs.mtime))

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Change size, mode and times; the owner is make-believe."""
        if attrs.size is not None:
            await self._ask("truncate", path, attrs.size)
        if attrs.permissions is not None:
            await self._ask("chmod", path, attrs.permissions & 0o7777)
        if attrs.atime is not None and attrs.mtime is not None:
            await self._ask("utime", path, attrs.atime, attrs.mtime)

    async def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """About a file, links followed."""
        return attributes(await self._ask("stat", path))

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """About a file or a link."""
        return attributes(await self._ask("lstat", path))

    def format_user(self, uid: int | None) -> str:
        """The host's name of a user, not the machine's."""
        return _NAMES.get(uid, "nobody")

    def format_group(self, gid: int | None) -> str:
        """The host's name of a group, not the machine's."""
        return _NAMES.get(gid, "nogroup")

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """The names in a folder, with what is known about each."""
        start, names = 0, [".", ".."]
        while names:
            for name in names:
                attrs = await self.lstat(posixpath.join(path, os.fsencode(name)))
                yield asyncssh.SFTPName(os.fsencode(name), attrs=attrs)
            names = await self._ask("names", path, start)
            start += NAMES_AT_ONCE

    async def realpath(self, path: bytes) -> bytes:
        """The full path, links followed."""
        return os.fsencode(await self._ask("realpath", path))

    async def readlink(self, path: bytes) -> bytes:
        """Where a link leads."""
        return os.fsencode(await self._ask("readlink", path))

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Make a folder."""
        await self._ask("mkdir", path, _NEW_FOLDER if attrs.permissions is None else attrs.permissions & 0o7777)

    async def rmdir(self, path: bytes) -> None:
        """Remove an empty folder."""
        await self._ask("rmdir", path)

    async def remove(self, path: bytes) -> None:
        """Remove a file or a link."""
        await self._ask("unlink", path)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename; a failure if the target exists."""
        await self._ask("rename", oldpath, self._full(newpath))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename over whatever was there."""
        await self._ask("replace", oldpath, self._full(newpath))

    async def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """Make a symbolic link at `newpath`; it leads only to what is inside."""
        await self._machine.file("symlink", os.fsdecode(oldpath), self._full(newpath))

    async def link(self, oldpath: bytes, newpath: bytes) -> None:
        """Make a second name of a file."""
        await self._ask("link", oldpath, self._full(newpath))

    def statvfs(self, path: bytes) -> os.statvfs_result:  # noqa: ARG002 - as asyncssh calls it
        """Not told: the numbers would be those of the machine."""
        raise OSError(errno.EOPNOTSUPP, "not told")

    def fstatvfs(self, file_obj: object) -> os.statvfs_result:  # noqa: ARG002 - the same
        """Not told: the numbers would be those of the machine."""
        raise OSError(errno.EOPNOTSUPP, "not told")


def descriptor(file_obj: object) -> int:
    """The descriptor that `open` gave."""
    if not isinstance(file_obj, int):
        raise OSError(errno.EBADF, "not an open file")
    return file_obj


def attributes(told: Sequence[int]) -> asyncssh.SFTPAttrs:
    """What SFTP says about a file, from the ten numbers of stat(2)."""
    mode, _, _, links, uid, gid, size, seen, changed, _ = told
    return asyncssh.SFTPAttrs(size=size, uid=uid, gid=gid, permissions=mode, atime=seen, mtime=changed, nlink=links)


def open_flags(pflags: int) -> int:
    """The flags of open(2) for those of SFTP."""
    flags = {_READ: os.O_RDONLY, _WRITE: os.O_WRONLY, _READ | _WRITE: os.O_RDWR}.get(pflags & (_READ | _WRITE), os.O_RDONLY)
    for theirs, ours in ((_APPEND, os.O_APPEND), (_CREATE, os.O_CREAT), (_TRUNCATE, os.O_TRUNC), (_EXCLUSIVE, os.O_EXCL)):
        flags |= ours if pflags & theirs else 0
    return flags
