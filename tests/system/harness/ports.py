"""Ports that no other running test uses.

A test process leases blocks of ports by holding a lock on one file a block; the lock ends with the
process, however it ends. All ports lie below 32768, where the kernel's ephemeral range begins.
"""

import fcntl
import os
import pathlib
import socket
import tempfile

BLOCK = 100
FIRST, LAST = 11000, 31900

_directory = pathlib.Path(tempfile.gettempdir()) / "vedette-test-ports"
_leases = []
_free = []


def _lease_block():
    _directory.mkdir(exist_ok=True)
    try:
        _directory.chmod(0o1777)
    except PermissionError:
        pass
    blocks = list(range(FIRST, LAST, BLOCK))
    start = os.getpid() % len(blocks)
    for base in blocks[start:] + blocks[:start]:
        descriptor = os.open(_directory / str(base), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            continue
        _leases.append(descriptor)
        _free.extend(range(base, base + BLOCK))
        return
    raise RuntimeError("no free block of ports")


def _usable(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def free_port(also=None):
    """A port that is free on every address and that this process gets only once. With `also`, the
    port so far above it is free too, though not kept from others."""
    while True:
        if not _free:
            _lease_block()
        port = _free.pop(0)
        if _usable(port) and (also is None or _usable(port + also)):
            return port
