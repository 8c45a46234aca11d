"""A small RESP2 client: what goes over the wire is exactly what the test says."""

import socket


class Error(Exception):
    """An error reply."""


class Closed(ConnectionError):
    """The other side closed the connection."""


class Connection:
    def __init__(self, host, port, timeout=5.0):
        self._socket = socket.create_connection((host, port), timeout)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def settimeout(self, seconds):
        self._socket.settimeout(seconds)

    def send_raw(self, data):
        self._socket.sendall(data)

    def send(self, *words):
        self.send_raw(encode(*words))

    def call(self, *words):
        """Sends one command and returns its reply; an error reply is raised."""
        self.send(*words)
        reply = self.read()
        if isinstance(reply, Error):
            raise reply
        return reply

    def read(self):
        """One reply: str, int, None or list; an Error is returned, not raised."""
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == "+":
            return rest
        if kind == "-":
            return Error(rest)
        if kind == ":":
            return int(rest)
        if kind == "$":
            return None if rest == "-1" else self._bytes(int(rest)).decode(errors="replace")
        if kind == "*":
            return None if rest == "-1" else [self.read() for _ in range(int(rest))]
        raise Error(f"unexpected reply {line!r}")

    def read_to_end(self):
        """Everything until the other side closes."""
        try:
            while True:
                self._more()
        except ConnectionError:
            data, self._buffer = self._buffer, b""
            return data

    def _more(self):
        data = self._socket.recv(65536)
        if not data:
            raise Closed("connection closed")
        self._buffer += data

    def _line(self):
        while b"\r\n" not in self._buffer:
            self._more()
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line.decode(errors="replace")

    def _bytes(self, length):
        while len(self._buffer) < length + 2:
            self._more()
        data, self._buffer = self._buffer[:length], self._buffer[length + 2:]
        return data


def encode(*words):
    """A request as multibulk."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(f"${len(data)}\r\n".encode() + data + b"\r\n")
    return b"".join(parts)


def pairs(flat):
    """[k, v, k, v] as a dict."""
    return dict(zip(flat[::2], flat[1::2]))
