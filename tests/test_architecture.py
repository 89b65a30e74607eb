"""The house: imports go down, nothing is in a circle, files and functions stay small, and time, commits and prints stay in their places.

Every check here is a function of source text, so that each can also be shown a bad example and must notice it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("instruments", "scheduling", "portal")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 50
NAMES_THAT_SAY_NOTHING = {"models.py", "utils.py", "helpers.py", "services.py", "common.py"}
MARKERS = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error")

Sources = Mapping[str, str]  # path from the root -> text
Check = Callable[[Sources], list[str]]


def sources() -> Sources:
    """Every Python file of the three floors, but not the migrations, which are history."""
    files = [file for floor in FLOORS for file in sorted((ROOT / floor).rglob("*.py"))]
    paths = {file.relative_to(ROOT).as_posix(): file for file in files}
    return {path: file.read_text(encoding="utf-8") for path, file in paths.items() if not path.startswith("portal/migrations/")}


def upward_imports(files: Sources) -> list[str]:
    return [
        f"{path}:{line} imports {target}"
        for path, text in files.items()
        for line, target in imports(path, text)
        if (floor := target.split(".")[0]) in FLOORS and FLOORS.index(floor) > FLOORS.index(path.split("/")[0])
    ]


def circles(files: Sources) -> list[str]:
    known = {module_name(path) for path in files}
    graph = {}
    for path, text in files.items():
        targets = {longest_known(target, known) for _, target in imports(path, text)}
        graph[module_name(path)] = sorted(targets - {"", module_name(path)})
    return [" -> ".join(circle) for circle in found_circles(graph)]


def names_that_say_nothing(files: Sources) -> list[str]:
    return [path for path in files if Path(path).name in NAMES_THAT_SAY_NOTHING]


def long_files(files: Sources) -> list[str]:
    return [f"{path} has {count} lines" for path, text in files.items() if (count := len(text.splitlines())) > MOST_LINES]


def long_functions(files: Sources) -> list[str]:
    return [
        f"{path}:{node.lineno} {node.name} has {count} lines"
        for path, node in nodes(files, ast.FunctionDef, ast.AsyncFunctionDef)
        if (count := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]


def things_left_open(files: Sources) -> list[str]:
    return [
        f"{path}:{number} {line.strip()}"
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if any(marker in line for marker in MARKERS)
    ]


def prints(files: Sources) -> list[str]:
    """The command line prints; nothing else does."""
    return called(files, {"print"}, lambda path: path == "portal/cli.py" or path.startswith("portal/commands/"))


def clock_readings(files: Sources) -> list[str]:
    """Only the portal's clock knows what time it is; everybody else is told."""
    readings = {f"{kind}.{reading}" for kind in ("datetime", "date") for reading in ("now", "utcnow", "today")}
    return called(files, {*readings, *(f"datetime.{reading}" for reading in readings), "time.time"}, lambda path: path == "portal/clock.py")


def commits(files: Sources) -> list[str]:
    """`with writing()` is the only commit."""
    return [
        f"{path}:{node.lineno} commits"
        for path, node in nodes(files, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "commit" and path != "portal/transactions.py"
    ]


CHECKS: list[tuple[Check, Sources]] = [
    (upward_imports, {"instruments/people.py": "from scheduling.bookings import book"}),
    (upward_imports, {"scheduling/rules/notice.py": "def check():\n    import portal.clock"}),
    (upward_imports, {"instruments/search/query.py": "from ...portal import clock"}),
    (circles, {"instruments/a.py": "from instruments import b", "instruments/b.py": "import instruments.a"}),
    (circles, {"portal/a/__init__.py": "from .b import x", "portal/a/b.py": "import portal.c", "portal/c.py": "from portal.a import x"}),
    (circles, {"portal/a.py": "from portal.b import x", "portal/b.py": "def late():\n    from portal.a import y"}),
    (names_that_say_nothing, {"portal/api/utils.py": ""}),
    (long_files, {"portal/long.py": "\n" * (MOST_LINES + 1)}),
    (long_functions, {"portal/long.py": "def long():\n" + "    x = 1\n" * MOST_LINES_OF_A_FUNCTION}),
    (things_left_open, {"portal/open.py": f"# {MARKERS[0]}: later"}),
    (things_left_open, {"portal/open.py": f"raise {MARKERS[3]}"}),
    (prints, {"portal/mail.py": "print('sent')"}),
    (clock_readings, {"scheduling/bookings.py": "from datetime import datetime, UTC\nat = datetime.now(UTC)"}),
    (clock_readings, {"portal/jobs.py": "import time\nat = time.time()"}),
    (clock_readings, {"instruments/holidays.py": "import datetime as dt\nat = dt.date.today()"}),
    (clock_readings, {"portal/jobs.py": "from time import time\nat = time()"}),
    (commits, {"portal/bookings.py": "with writing() as session:\n    session.commit()"}),
]


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _ in CHECKS), ids=lambda check: check.__name__)
def test_the_house_is_in_order(check: Check) -> None:
    assert check(sources()) == []


@pytest.mark.parametrize(("check", "bad"), CHECKS, ids=lambda value: getattr(value, "__name__", ""))
def test_disorder_is_noticed(check: Check, bad: Sources) -> None:
    assert check(bad) != []


def test_what_is_allowed_is_not_complained_of() -> None:
    fine = {
        "instruments/people.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from instruments.catalogue import Instrument",
        "instruments/catalogue.py": "from instruments.people import Person",
        "scheduling/bookings.py": "from instruments import people\nfrom instruments.catalogue import Instrument",
        "portal/clock.py": "from datetime import UTC, datetime\nat = datetime.now(UTC)",
        "portal/cli.py": "print('ready')",
        "portal/commands/token.py": "print(token)",
        "portal/transactions.py": "session.commit()",
    }
    assert [complaint for check, _ in CHECKS for complaint in check(fine)] == []


def test_there_is_something_to_check() -> None:
    assert {path.split("/")[0] for path in sources()} == set(FLOORS)


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def nodes(files: Sources, *kinds: type) -> Iterator[tuple[str, ast.AST]]:
    for path, text in files.items():
        for node in ast.walk(parsed(text)):
            if isinstance(node, kinds):
                yield path, node


def called(files: Sources, forbidden: set[str], is_allowed: Callable[[str], bool]) -> list[str]:
    return [
        f"{path}:{node.lineno} calls {name}"
        for path, node in nodes(files, ast.Call)
        if not is_allowed(path) and (name := full_name(node.func, aliases(files[path]))) in forbidden
    ]


@cache
def aliases(text: str) -> dict[str, str]:
    """What the names in a file stand for: {"dt": "datetime", "time": "time.time"}."""
    found = {}
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Import):
            found |= {name.asname: name.name for name in node.names if name.asname}
        elif isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
            prefix = "time." if node.module == "time" else ""
            found |= {name.asname or name.name: f"{prefix}{name.name}" for name in node.names}
    return found


def full_name(node: ast.expr, known: Mapping[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def imports(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Every import that runs, also inside functions, as (line, full name); those for type checkers alone do not count."""
    tree = parsed(text)
    for_types = {id(inner) for node in ast.walk(tree) if is_for_types(node) for child in node.body for inner in ast.walk(child)}
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{origin(path, node)}.{name.name}") for name in node.names)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def origin(path: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = Path(path).parent.as_posix().split("/")[: 1 - node.level or None]
    return ".".join([*package, *([node.module] if node.module else [])])


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def longest_known(target: str, known: set[str]) -> str:
    """The module a name comes from: "portal.a.b.x" is in "portal.a.b" where that is a module."""
    parts = target.split(".")
    return next((name for end in range(len(parts), 0, -1) if (name := ".".join(parts[:end])) in known), "")


def found_circles(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> Iterator[list[str]]:
        if module in way:
            yield [*way[way.index(module) :], module]
        elif module not in done:
            for target in graph[module]:
                yield from walk(target, [*way, module])
            done.add(module)

    for module in graph:
        yield from walk(module, [])
