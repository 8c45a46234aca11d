"""proto <- consensus <- agent: what each layer may include and name.

CMake cannot enforce it alone, because Debian puts Boost into /usr/include.
"""

import re

import lint

PURE = ("proto/", "consensus/")
# The first matching directory decides which of our own headers a file may include.
MAY_INCLUDE = {
    "proto/": ("proto/",),
    "consensus/": ("proto/", "consensus/"),
    "tests/proto/": ("proto/", "tests/proto/"),
    "tests/consensus/": ("proto/", "consensus/", "tests/consensus/", "tests/sim/"),
    # The simulator saves in the real format: the renderer and the loader of the file, no more.
    "tests/sim/": ("proto/", "consensus/", "agent/config/load.hpp", "agent/config/render.hpp",
                   "tests/sim/"),
}

# Values in, values out: no clock, no thread, no file, no socket and no hidden state.
IMPURE_HEADERS = set(
    """chrono_io condition_variable ctime filesystem fstream future iostream mutex
    semaphore shared_mutex stop_token syncstream thread barrier latch""".split()
)
IMPURE_NAMES = [
    (re.compile(r"\bboost\b"), "Boost belongs to agent/"),
    (re.compile(r"\b(?:spdlog|fmt)::"), "logging and formatting belong to agent/"),
    (re.compile(r"::now\s*\("), "time is an argument: no clock is read here"),
    (re.compile(r"\brandom_device\b|\bs?rand\s*\("), "randomness is a seeded member"),
    (re.compile(r"\bstd::(?:jthread|thread|async|mutex)\b"), "no threads here"),
    (re.compile(r"\bgetenv\b"), "the environment is read in agent/"),
]
HASHED = (re.compile(r"\bunordered_\w+"), "hash order would show: use an ordered container")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def check(path, text):
    allowed = next((own for start, own in MAY_INCLUDE.items() if path.startswith(start)), None)
    if allowed is None:
        return
    pure = path.startswith(PURE)
    for match in INCLUDE.finditer(text):
        line = lint.line_of(text, match.start())
        quote, name = match.groups()
        if quote == '"':
            if not name.startswith(allowed):
                yield line, f'"{name}" must not be included here, only {", ".join(allowed)}'
        elif pure and ("/" in name or "." in name):
            yield line, f"<{name}> is no header of the C++ standard library"
        elif pure and name in IMPURE_HEADERS:
            yield line, f"<{name}> has no place in a pure layer"
    if not pure:
        return
    code = lint.code_only(text)
    for pattern, reason in IMPURE_NAMES + ([HASHED] if path.startswith("consensus/") else []):
        for match in pattern.finditer(code):
            yield lint.line_of(code, match.start()), f"{match.group().strip()}: {reason}"


def check_list(path, text):
    return list(check(path, text))


BAD = [
    ("proto/a.cpp", '#include "consensus/core.hpp"\n'),
    ("proto/a.cpp", '#include "a.hpp"\n'),
    ("proto/a.hpp", "#include <boost/asio.hpp>\n"),
    ("proto/a.hpp", "#include <sys/socket.h>\n"),
    ("proto/a.hpp", "#  include <thread>\n"),
    ("consensus/a.cpp", '#include "agent/link.hpp"\n'),
    ("consensus/a.cpp", "auto t = std::chrono::steady_clock::now();\n"),
    ("consensus/a.cpp", "std::random_device seed;\n"),
    ("consensus/a.cpp", "std::unordered_map<int, int> m;\n"),
    ("consensus/a.cpp", "std::thread t;\n"),
    ("tests/sim/a.cpp", '#include "agent/link.hpp"\n'),
]
GOOD = [
    ("proto/a.cpp", '#include "proto/a.hpp"\n\n#include <string>\n'),
    ("consensus/a.cpp", '#include "proto/a.hpp"\n#include <map>\n// std::unordered_map, ::now()\n'),
    ("agent/a.cpp", '#include <boost/asio.hpp>\n#include "consensus/core.hpp"\n'),
    ("tests/proto/a.cpp", '#include <gtest/gtest.h>\n#include "proto/a.hpp"\n'),
]

lint.run(check_list, BAD, GOOD)
