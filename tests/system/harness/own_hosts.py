"""An /etc/hosts of its own for a test and everything that it starts; the machine's is not touched."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

_MARK = "VEDETTE_TEST_OWN_HOSTS"


class OwnHosts:
    """Name -> address. A change counts from the next lookup on."""

    def __init__(self, **names):
        self.names = {}
        self.set(**names)

    def set(self, **names):
        """Underscores in a keyword stand for dots; None takes the name away."""
        for word, address in names.items():
            self.names[word.replace("_", ".")] = address
        lines = ["127.0.0.1 localhost"]
        lines += [f"{address} {name}" for name, address in self.names.items() if address]
        # In place: it is mounted over.
        pathlib.Path("/etc/hosts").write_text("\n".join(lines) + "\n")


@contextlib.contextmanager
def unanswered():
    """Within it a lookup does not end, as of a name server that does not answer. After enter()."""
    with tempfile.TemporaryDirectory() as directory:
        pipe = pathlib.Path(directory) / "resolv.conf"
        os.mkfifo(pipe)
        subprocess.run(["mount", "--bind", pipe, "/etc/resolv.conf"], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", "/etc/resolv.conf"], check=True)


def enter():
    """Call before anything is started: executes the script anew, with a file mounted over
    /etc/hosts that nobody else sees."""
    if os.environ.get(_MARK):
        return
    os.environ[_MARK] = "1"
    mount = 'own=$(mktemp) && mount --bind "$own" /etc/hosts && rm "$own" && exec "$@"'
    # In a chroot the root is no mount that could be made private; where nothing is shared, nothing
    # need be.
    shared = "shared:" in pathlib.Path("/proc/self/mountinfo").read_text()
    options = ["--mount", "--propagation", "private" if shared else "unchanged"]
    if os.geteuid() != 0:
        options += ["--user", "--map-root-user"]
    script = ["sh", "-c", mount, "sh", sys.executable, "-B", *sys.argv]
    os.execvp("unshare", ["unshare", *options, *script])
