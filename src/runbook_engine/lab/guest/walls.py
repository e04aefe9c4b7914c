"""The walls around a make-believe host: namespaces with a root of its own, or Landlock where the kernel forbids those."""
# Bare system calls, each as the kernel takes it:
# ruff: noqa: PTH100, PTH102, PTH103, PTH110, PTH112, PTH114, PTH115, PTH116, PTH211

import fcntl
import os
import resource
import socket
import stat
import struct
from dataclasses import dataclass

from runbook_engine.lab.guest import kernel

OPS = 1000  # the uid of `ops` inside
LARGEST_FILE = 1 << 30  # bytes that one file of a host may have
MOST_PROCESSES = 500  # of a host; counted for each user namespace by itself

_SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec", "/usr/share"),
)
_ETC = ("/etc/alternatives", "/etc/ld.so.cache")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_OWN = ("etc", "home", "opt", "root", "srv", "var", "usr/local")
_LINKS = {
    "dev/fd": "/proc/self/fd",
    "dev/stdin": "/proc/self/fd/0",
    "dev/stdout": "/proc/self/fd/1",
    "dev/stderr": "/proc/self/fd/2",
}
_SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x8914, 0x41
_READ_FILE, _READ_FOLDER, _EXECUTE, _WRITE_FILE, _TRUNCATE = 4, 8, 1, 2, 1 << 14
_ALL_FILES, _ALL_NETWORK, _ALL_SCOPES = (1 << 16) - 1, 3, 3
_SCOPED_SIGNALS = 6  # the first Landlock that keeps signals inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where things are for a program inside."""

    lab: str  # the folder with effects.log
    homes: str  # the folder that holds home/ops and root
    path: str


INSIDE = Place(lab="/lab", homes="/", path="/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def leave_machine() -> None:
    """Enter new namespaces. The next child is the first process of the host, and the only one who can build its root."""
    uid, gid = os.getuid(), os.getgid()
    everything = kernel.NEWUSER | kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWUTS | kernel.NEWIPC
    kernel.unshare(everything)
    kernel.map_users(OPS, uid, gid)


def build_root(folder: str, name: str) -> Place:
    """Inside new namespaces: build the host's file tree over `folder`/root, and make it all that there is.

    The tree itself lives in memory and is read-only; what a step can change are the folders of `folder`/disk, which it
    cannot replace because they are mounts. So no link that a step leaves behind can lead the lab astray.
    """
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", f"{folder}/root", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=64m,mode=755")
    os.chdir(f"{folder}/root")
    for name_of in ("usr", "dev", "dev/shm", "proc", "tmp", "run", "lab"):
        os.mkdir(name_of)
    _own_folders()
    _system_folders()
    _devices()
    _lab_folder()
    _processes()
    for scratch in ("tmp", "run", "dev/shm"):
        kernel.mount("tmpfs", scratch, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=64m,mode=1777")
    kernel.change_root_to_here()
    _close_root()
    socket.sethostname(name)
    _loopback()
    _limits()
    resource.setrlimit(resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))
    return INSIDE


def _own_folders() -> None:
    for name in _OWN:
        os.mkdir(name)
        kernel.bind(f"../disk/{name.replace('/', '-')}", name)


def _system_folders() -> None:
    for path in _SYSTEM:
        if os.path.islink(path):
            os.symlink(os.readlink(path), path[1:])
        elif os.path.isdir(path):
            os.mkdir(path[1:])
            kernel.bind(path, path[1:], read_only=True)
    for path in _ETC:
        if os.path.exists(path) and os.path.exists(path[1:]):  # a step may have removed its place
            kernel.bind(path, path[1:], read_only=True)


def _devices() -> None:
    for name in _DEVICES:
        _bind_file(f"/dev/{name}", f"dev/{name}")
    for link, target in _LINKS.items():
        os.symlink(target, link)


def _lab_folder() -> None:
    for name in ("lab/bin", "lab/state"):
        os.mkdir(name)
    kernel.bind("../../../tools", "lab/bin", read_only=True)
    kernel.bind("../disk/lab", "lab/state")
    _bind_file("../effects.log", "lab/effects.log")


def _bind_file(source: str, target: str) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    kernel.bind(source, target)


def _processes() -> None:
    try:
        kernel.mount("proc", "proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        kernel.bind("../boot_id", "proc/sys/kernel/random/boot_id", read_only=True)
    except PermissionError:  # some containers cover parts of /proc, and then forbid a new one
        os.makedirs("proc/sys/kernel/random")
        _bind_file("../boot_id", "proc/sys/kernel/random/boot_id")


def _close_root() -> None:
    """Make the tree itself read-only, not what is mounted in it."""
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("none", "/", flags=0x20 | 1 | kernel.MS_BIND | flags)  # remount, read-only


def _loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    kernel.gain_nothing()


def fence_off(folder: str) -> Place:
    """Without namespaces: let this process and all its children change nothing outside the host's folder.

    Raises OSError where the kernel has no Landlock that also keeps signals inside.
    """
    version = kernel.landlock_version()
    if version < _SCOPED_SIGNALS:
        raise OSError(f"Landlock version {version} does not keep signals inside; {_SCOPED_SIGNALS} is needed (Linux 6.12)")
    base = os.path.abspath(folder)
    if not os.access(base, os.X_OK):
        raise OSError(f"{base} cannot be reached by uid {os.getuid()}: take a state folder below /var/tmp")
    tools = os.path.abspath("tools")
    read, change = _READ_FILE | _READ_FOLDER | _EXECUTE, _READ_FILE | _WRITE_FILE | _TRUNCATE
    seen = (
        *_SYSTEM,
        *_ETC,
        "/etc/passwd",
        "/etc/group",
        "/proc/uptime",
        "/proc/loadavg",
        "/proc/meminfo",
        tools,
        f"{base}/boot_id",
    )
    allowed = [(path, _fitting(path, read)) for path in seen if os.path.exists(path)]
    allowed += [(f"/dev/{name}", change) for name in _DEVICES if os.path.exists(f"/dev/{name}")]
    allowed += [(f"{base}/effects.log", change), (f"{base}/disk", _ALL_FILES)]
    os.chdir(f"{base}/disk")
    _limits()
    kernel.landlock(allowed, files=_ALL_FILES, network=_ALL_NETWORK, scopes=_ALL_SCOPES)
    path = f"{tools}/fenced:{tools}:{INSIDE.path.partition(':')[2]}"
    return Place(lab=base, homes=f"{base}/disk", path=path)


def _fitting(path: str, accesses: int) -> int:
    """Only what the kind of file allows: Landlock refuses a rule about the content of a folder for a file."""
    return accesses if stat.S_ISDIR(os.stat(path).st_mode) else accesses & ~_READ_FOLDER
