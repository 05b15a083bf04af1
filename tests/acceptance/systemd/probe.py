"""Tries what a service must not be able to do, and what it must; prints JSON: for each attempt null, or the refusal.

Runs inside the unit's sandbox with the machine's own Python: nothing but the standard library.
"""

import ctypes
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_USER, NEW_NET, NEW_MOUNT = 0x10000000, 0x40000000, 0x00020000
PTRACE_ATTACH, SCHED_FIFO, SETGID_EXECUTABLE = 16, os.SCHED_FIFO, 0o2755
BPF, KEYCTL, ADJTIMEX_SET = 321, 250, 0x0002  # numbers of x86-64


def called(result: int) -> None:
    """Raise what a call of the C library reports as -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def write(name: str) -> Callable[[], object]:
    """Return an attempt to write a file."""
    return lambda: Path(name).write_text("x")


def read(name: str) -> Callable[[], object]:
    """Return an attempt to read a file."""
    return lambda: Path(name).read_bytes()


def own(name: str) -> Path:
    """Return a path in the state directory."""
    return Path(os.environ.get("STATE_DIRECTORY", "/tmp")) / name  # noqa: S108 - outside of the sandbox


def set_group_bit() -> None:
    """Make a file that runs with its group's rights."""
    file = own("setgid")
    file.write_text("")
    file.chmod(SETGID_EXECUTABLE)


def make_executable_memory() -> None:
    """Map memory that can be written, and then make it executable."""
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    called(LIBC.mprotect(ctypes.c_void_p(address), mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC))


def see_others() -> None:
    """Find a process of somebody else."""
    strangers = [each for each in Path("/proc").glob("[0-9]*") if each.stat().st_uid != os.getuid()]
    if not strangers and not Path("/proc/1").exists():
        raise PermissionError("there is nobody else")


def trace(pid: int) -> None:
    """Attach to a process as a debugger does, and let it go again."""
    called(LIBC.ptrace(PTRACE_ATTACH, pid, None, None))
    os.waitpid(pid, 0)
    LIBC.ptrace(17, pid, None, None)


def trace_child() -> None:
    """Attach to a child of one's own, which needs no right but the call itself."""
    child = os.fork()
    if child == 0:
        LIBC.pause()
    try:
        trace(child)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def connect_to_itself() -> None:
    """Speak TCP on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2], 5):
        pass


def open_socket(family: int, kind: int) -> Callable[[], object]:
    """Return an attempt to open a socket of this family."""
    return lambda: socket.socket(family, kind).close()


FORBIDDEN: dict[str, Callable[[], object]] = {
    "write /usr": write("/usr/planted"),
    "write /etc": write("/etc/planted"),
    "write its own configuration": write("/etc/jobwatchd/jobwatchd.yaml"),
    "write its own program": write("/opt/jobwatchd/bin/planted"),
    "write another's state": write("/var/lib/planted"),
    "write the kernel's settings": write("/proc/sys/kernel/domainname"),
    "write a control group": lambda: Path("/sys/fs/cgroup/planted").mkdir(),
    "read /home": read("/home/somebody/secret"),
    "read /root": read("/root/secret"),
    "read a secret file directly": read("/etc/jobwatchd/secrets/planted"),
    "see other processes": see_others,
    "trace a child": trace_child,
    "mount": lambda: called(LIBC.mount(b"none", b"/mnt", b"tmpfs", 0, None)),
    "make a user namespace": lambda: called(LIBC.unshare(NEW_USER)),
    "make a mount namespace": lambda: called(LIBC.unshare(NEW_MOUNT)),
    "make a network namespace": lambda: called(LIBC.unshare(NEW_NET)),
    "map memory to write and execute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close(),
    "make memory executable": make_executable_memory,
    "open a packet socket": open_socket(socket.AF_PACKET, socket.SOCK_RAW),
    "open a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close(),
    "open a netlink socket": open_socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "become root": lambda: os.setuid(0),
    "make a setgid file": set_group_bit,
    "get real-time priority": lambda: os.sched_setscheduler(0, SCHED_FIFO, os.sched_param(5)),
    "raise its priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
    "change the host name": lambda: socket.sethostname(socket.gethostname()),
    "change root": lambda: os.chroot("/"),
    "emulate another system": lambda: called(LIBC.personality(0x0008)),
    "make a device": lambda: os.mknod(own("device"), 0o600 | 0o020000, os.makedev(1, 3)),
    "use a keyring": lambda: called(LIBC.syscall(KEYCTL, 0, -3, 1)),
}
PERMITTED: dict[str, Callable[[], object]] = {
    "write its state": lambda: own("planted").write_text("x"),
    "write a temporary file": lambda: Path("/tmp/planted").write_text("x"),  # noqa: S108 - that it is private is the point
    "read its configuration": read("/etc/jobwatchd/jobwatchd.yaml"),
    "speak TCP": connect_to_itself,
    "open a Unix socket": open_socket(socket.AF_UNIX, socket.SOCK_DGRAM),
}


def outcome(attempt: Callable[[], object]) -> str | None:
    """Return None where it succeeds, else why it does not; in a process of its own, since some change it for good."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except BaseException as exc:  # noqa: BLE001 - whatever it is, it is the answer
            os.write(writing, f"{type(exc).__name__}: {exc}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        refusal = answer.read()
    _, status = os.waitpid(child, 0)
    return f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else refusal or None


if __name__ == "__main__":
    groups = {"forbidden": FORBIDDEN, "permitted": PERMITTED}
    found = {group: {name: outcome(attempt) for name, attempt in tries.items()} for group, tries in groups.items()}
    json.dump({**found, "uid": os.getuid()}, sys.stdout)
