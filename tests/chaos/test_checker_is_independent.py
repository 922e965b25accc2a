"""A witness does not share the defendant's code: the checker imports the standard library and itself."""

import ast
import sys
from pathlib import Path

import pytest

CHECKER = Path(__file__).with_name("checker")
ITSELF = "tests.chaos.checker"


@pytest.mark.parametrize("path", sorted(CHECKER.glob("*.py")), ids=lambda path: path.name)
def test_the_checker_imports_nothing_of_what_it_judges(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add("." * node.level + (node.module or ""))

    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if name != ITSELF and not name.startswith(f"{ITSELF}.")} == set()
