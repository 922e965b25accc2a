"""The budgets of the house: small files and functions, few parameters, no hidden imports, no mocks, no loose ends."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("gateway", "adapters", "observability")
SOURCE = sorted(path for room in OURS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py"))
LONGEST_SOURCE, LONGEST_TEST, LONGEST_FUNCTION, MOST_PARAMETERS = 250, 300, 30, 5
NAMELESS = {"utils", "helpers", "common", "base", "misc", "util", "helper"}
LOOSE_ENDS = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
MOCKS = re.compile(r"\b(unittest\.mock|MagicMock|monkeypatch\.setattr|mocker\.)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


@pytest.mark.parametrize(("paths", "limit"), [(SOURCE, LONGEST_SOURCE), (TESTS, LONGEST_TEST)])
def test_a_file_fits_on_few_screens(paths: list[Path], limit: int) -> None:
    lines = {name(path): len(path.read_text().splitlines()) for path in paths}

    assert lines
    assert {path: count for path, count in lines.items() if count > limit} == {}


def test_a_function_is_short_and_takes_little() -> None:
    each = [(f"{name(path)}: {f.name}", f) for path in SOURCE for f in functions(path)]
    too_long = [where for where, f in each if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION]
    too_many = [where for where, f in each if _positional(f) > MOST_PARAMETERS and not _command(f)]

    assert (too_long, too_many) == ([], [])


def _positional(function: Function) -> int:
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    return len([n for n in names if n not in ("self", "cls")])


def _command(function: Function) -> bool:
    """A command of the CLI has the parameters that its options are; people name each of them."""
    decorated = any(".command" in ast.unparse(decorator) for decorator in function.decorator_list)
    return decorated or all("typer." in ast.unparse(a.annotation or ast.Constant("")) for a in function.args.args[1:])


def test_a_file_says_why_it_exists_and_bears_a_real_name() -> None:
    assert [name(path) for path in SOURCE if not ast.get_docstring(ast.parse(path.read_text()))] == []
    assert [name(path) for path in SOURCE if path.stem in NAMELESS] == []


def test_nothing_of_ours_is_imported_inside_a_function() -> None:
    hidden = [
        f"{name(path)}:{node.lineno}"
        for path in SOURCE
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS
    ]

    assert hidden == []


def test_there_are_no_loose_ends_and_no_mocks() -> None:
    texts = {name(path): path.read_text() for path in (*SOURCE, *TESTS) if path != Path(__file__).resolve()}

    assert {path: found for path, text in texts.items() if (found := LOOSE_ENDS.findall(text))} == {}
    assert {path: found for path, text in texts.items() if (found := MOCKS.findall(text))} == {}


def test_methods_of_a_port_are_few() -> None:
    trees = [ast.parse((ROOT / "gateway" / file).read_text()) for file in ("ports.py", "fulfilment_ports.py")]
    classes = [n for tree in trees for n in tree.body if isinstance(n, ast.ClassDef)]
    ports = [c for c in classes if any("Protocol" in ast.unparse(b) for b in c.bases)]

    assert len(ports) > 5
    assert [p.name for p in ports if sum(isinstance(n, Function) for n in p.body) > MOST_PARAMETERS] == []


def test_rooms_are_at_most_three_levels_deep() -> None:
    deep = [name(path) for path in SOURCE if len(path.relative_to(ROOT).parts) > 4]

    assert [path for path in deep if "migrations" not in path] == []
