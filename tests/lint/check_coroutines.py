"""One co_await a statement, and nothing else in it that g++ 12 gets wrong.

g++ 12.2 destroys objects twice, without a word, when the full expression that holds a co_await also
makes a capturing lambda or a braced temporary, uses ?:, or is a switch condition. So the arguments
of a co_await are named on lines before it, and a coroutine is spawned by function, not by lambda.
The check is stricter than the defect where that keeps it simple: any brace in such a statement counts.
"""

import re

import lint

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.']*|::|->|&&|\|\||<<|[-+*/%&|^=!<>]=|\+\+|--|\"\"|''|\S")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
CONDITIONS = ("if", "while", "for", "switch", "constexpr")
OPENERS = {")": "(", "]": "[", "}": "{"}
# What may stand before a { that opens a block; an expression never ends in one of these.
BLOCK_BEFORE = {"{", "}", ";", ":", ")", "else", "do", "try", "const", "noexcept", "override", "final",
                "mutable", "&", "&&"}
TYPE_TOKEN = re.compile(r"[A-Za-z_]\w*|::|[<>,*&]|&&")
SCOPES = {"class", "struct", "union", "enum", "namespace"}


class Source:
    def __init__(self, text):
        code = DIRECTIVE.sub(lambda m: "\n" * m.group().count("\n"), lint.code_only(text))
        matches = list(TOKEN.finditer(code))
        self.tokens = [m.group() for m in matches]
        self.lines = []
        line, seen = 1, 0
        for match in matches:
            line += code.count("\n", seen, match.start())
            seen = match.start()
            self.lines.append(line)
        self.partner = {}
        stack = []
        for index, token in enumerate(self.tokens):
            if token in "([{":
                stack.append(index)
            elif token in OPENERS and stack and self.tokens[stack[-1]] == OPENERS[token]:
                self.partner[index] = stack[-1]
                self.partner[stack.pop()] = index

    def before(self, index):
        return self.tokens[index - 1] if index > 0 else ";"

    def before_return_type(self, brace):
        """The index of the -> whose type ends at this brace, or of a class keyword; else None."""
        index = brace - 1
        while index >= 0 and TYPE_TOKEN.fullmatch(self.tokens[index]):
            if self.tokens[index] in SCOPES:
                return index
            index -= 1
        return index if index >= 0 and self.tokens[index] == "->" else None

    def is_lambda_start(self, bracket):
        if self.tokens[bracket] != "[" or self.before(bracket) == "[":
            return False
        if bracket + 1 < len(self.tokens) and self.tokens[bracket + 1] == "[":
            return False
        before = self.before(bracket)
        if before in ("&", "&&", "auto"):  # auto& [a, b] = ...
            probe = bracket - (1 if before == "auto" else 2)
            return not (probe >= 0 and self.tokens[probe] == "auto")
        if before in ("return", "co_return", "co_await", "co_yield"):
            return True
        return not (re.fullmatch(r"\w+|\"\"", before) or before in (")", "]", "}"))

    def opens_lambda_body(self, brace):
        """[...] {  [...](...) {  [...](...) mutable noexcept -> type {"""
        index = self.before_return_type(brace)
        index = (index if index is not None else brace) - 1
        while index >= 0 and self.tokens[index] in ("mutable", "noexcept", "constexpr"):
            index -= 1
        if index >= 0 and self.tokens[index] == ")":
            index = self.partner.get(index, 0) - 1
        if index >= 0 and self.tokens[index] == ">":  # [...]<typename T>(...)
            while index >= 0 and self.tokens[index] not in "];{":
                index -= 1
        if index < 0 or self.tokens[index] != "]":
            return False
        return self.is_lambda_start(self.partner.get(index, index))

    def opens_block(self, brace):
        if self.before(brace) in BLOCK_BEFORE:
            if self.before(brace) == "{":
                return self.opens_block(brace - 1)
            return True
        return self.opens_lambda_body(brace) or self.before_return_type(brace) is not None

    def statement(self, at):
        """First and past-the-last token of the full expression around a token, and what it heads.

        The third value is "switch", "if" and so on when it is such a condition, "{" when the token
        stands inside a braced list, else "".
        """
        index = at - 1
        head = ""
        while index >= 0:
            token = self.tokens[index]
            if token == ";" or token in ("else", "do"):
                break
            if token == "{":
                if self.opens_block(index):
                    break
                head = "{"
            elif token == "(" and self.before(index) in CONDITIONS:
                head = head or self.before(index)
                break
            elif token in OPENERS:
                start = self.partner.get(index, index)
                if token == "}" and self.opens_block(start) and not self.opens_lambda_body(start):
                    break
                if token == ")" and self.before(start) in CONDITIONS:
                    break
                index = start
            index -= 1
        first = index + 1
        end = first
        while end < len(self.tokens) and self.tokens[end] not in (";", ")", "]", "}"):
            end = self.partner.get(end, end) + 1
        return first, end, head


def check(_path, text):
    source = Source(text)
    findings = set()

    def refuse(index, message):
        findings.add((source.lines[index], message))

    for index, token in enumerate(source.tokens):
        if token == "co_spawn" and index + 1 < len(source.tokens) and source.tokens[index + 1] == "(":
            for inner in range(index + 2, source.partner.get(index + 1, index + 2)):
                if source.is_lambda_start(inner):
                    refuse(inner, "co_spawn with a lambda: spawn by function")
        if token != "co_await":
            continue
        first, end, head = source.statement(index)
        inside = source.tokens[first:end]
        if inside.count("co_await") > 1:
            refuse(index, "more than one co_await in a statement")
        if "?" in inside:
            refuse(index, "?: in a statement with co_await")
        if head == "switch":
            refuse(index, "co_await in a switch condition")
        lambdas = [i for i in range(first, end) if source.is_lambda_start(i)]
        if lambdas:
            refuse(index, "a lambda in a statement with co_await: name it before")
        elif head == "{" or "{" in inside:
            refuse(index, "braces in a statement with co_await: name the object before")
    return sorted(findings)


def body(statement):
    return "awaitable<void> f() {\n  int x;\n  " + statement + "\n}\n"


BAD = [
    ("agent/a.cpp", body(statement))
    for statement in (
        "co_await a(co_await b());",
        "int y = co_await a() + co_await b();",
        "co_await send(Message{1, 2});",
        "co_await send({1, 2});",
        "std::vector<int> v{co_await a()};",
        "use({co_await a()});",
        "co_await run([&] { return x; });",
        "co_await run([x](int y) mutable -> int { return x + y; });",
        "auto y = co_await run([=] { go(); }) + 1;",
        "auto y = x ? co_await a() : 0;",
        "co_await send(x ? 1 : 2);",
        "switch (co_await a()) { default: break; }",
        "if (co_await a() && co_await b()) {\n  }",
        "while (co_await send(Message{})) {\n  }",
        "for (int i = co_await a(Message{}); i < 3; ++i) {\n  }",
        "co_return co_await send(Message{.a = 1});",
        "co_spawn(executor, [x]() -> awaitable<void> { co_return; }, detached);",
        "co_spawn(executor, f(), [](std::exception_ptr) {});",
        "if (x) co_await send(Message{1});",
        "auto task = [x]() -> awaitable<void> { co_await a(b{1}); };",
    )
]
GOOD = [
    ("agent/a.cpp", body(statement))
    for statement in (
        "co_await a();",
        "Message m{1, 2};\n  co_await send(m);",
        "auto [error, size] = co_await a(use_awaitable);",
        "auto& [error, size] = co_await a(use_awaitable);",
        "auto job = [x] { return x; };\n  co_await run(job);",
        "if (co_await a()) {\n    co_await b();\n  } else {\n    co_await c();\n  }",
        "if (x == Number{3}) co_await a();",
        "for (;;) {\n    co_await a();\n  }\n  co_await b();",
        "switch (x) {\n    case 1:\n      co_await a();\n      break;\n    default: {\n co_await b();\n } }",
        "int y = x ? 1 : 2;\n  co_await a(y);",
        "try {\n    co_await a();\n  } catch (const error& e) {\n    log({1});\n  }\n  co_await b();",
        "for (auto& item : items) {\n    co_await a(item[0], values_[x]);\n  }",
        "// co_await a(co_await b());\n  log(\"co_await {}\", '{');",
        "co_spawn(executor, f(), detached);",
        "co_spawn(executor, f(values[1]), on_end);",
        "auto task = [x]() -> awaitable<void> { co_await a(x); };",
        "co_return co_await a();",
        "#define X { ? }\n  co_await a();",
        "std::array<int, 2> y{1, 2};\n  std::size_t n = co_await a(y);",
    )
]

lint.run(check, BAD, GOOD)
