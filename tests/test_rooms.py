"""Each library has its rooms: who may import it, and where its words may stand."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SANDBOX = "adapters/sandbox/"  # the pretended back ends: a product of their own, with a web server and an SQLite file

Finder = Callable[[ast.Module], Iterator[int]]


def imports(*packages: str) -> Finder:
    def lines(tree: ast.Module) -> Iterator[int]:
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] in packages for name in names):
                yield node.lineno  # type: ignore[attr-defined]

    return lines


def attributes(*names: str, called: bool = False) -> Finder:
    def lines(tree: ast.Module) -> Iterator[int]:
        for node in ast.walk(tree):
            found = node.func if called and isinstance(node, ast.Call) else None if called else node
            if isinstance(found, ast.Attribute) and found.attr in names:
                yield found.lineno

    return lines


RULES: dict[str, tuple[Finder, tuple[str, ...]]] = {
    "HTTP is the business of the edge and of routes": (
        imports("fastapi", "starlette"),
        (
            "gateway/app.py",
            "gateway/routers.py",
            "gateway/framework.py",  # FastAPI, as we use it
            "gateway/server/",  # uvicorn with bounds: ASGI's types
            "gateway/edge/",
            "gateway/partners/routes.py",
            "gateway/resources/conditional.py",
            "gateway/resources/orders/routes.py",
            "gateway/resources/callbacks/routes.py",
            "gateway/resources/inventory/routes.py",
            "gateway/resources/inventory/feed_routes.py",
            "gateway/resources/inventory/reservation_routes.py",
            "gateway/resources/operations/routes.py",
            "gateway/resources/returns/routes.py",
            "gateway/resources/approvals/routes.py",
            "gateway/resources/events/routes.py",
            "gateway/resources/suppliers/routes.py",
            "gateway/resources/suppliers/delivery_routes.py",
            "gateway/resources/suppliers/purchase_routes.py",
            "gateway/resources/suppliers/invoice_routes.py",
            SANDBOX,
        ),
    ),
    "uvicorn is run in one place": (imports("uvicorn"), ("gateway/server/", SANDBOX)),
    "Redis is spoken on one line": (imports("redis", "hiredis"), ("gateway/edge/redis_line.py",)),
    "the environment is read once": (
        attributes("environ", "environb", "getenv", "putenv"),
        ("gateway/settings.py", SANDBOX),
    ),
    "metrics are counted by instruments of one room": (imports("prometheus_client"), ("observability/",)),
    "YAML is read by governance": (imports("yaml"), ("gateway/governance/",)),
    "PostgreSQL is spoken in the store": (
        imports("psycopg", "psycopg_pool"),
        (
            "gateway/store/",
            "gateway/workflows/engine.py",  # the engine's SQL functions are its interface
            "gateway/workflows/worker.py",  # speaks no SQL: tells the database's trouble from a run's
        ),
    ),
    "SQL stands in the store": (
        attributes("execute", "executemany", called=True),
        ("gateway/store/", "gateway/workflows/engine.py", SANDBOX),
    ),
}


@pytest.fixture(scope="module")
def source() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for room in ("gateway", "adapters", "observability")
        for path in sorted((ROOT / room).rglob("*.py"))
    }


@pytest.mark.parametrize("rule", RULES)
def test_a_library_stays_in_its_rooms(rule: str, source: dict[str, ast.Module]) -> None:
    find, rooms = RULES[rule]

    strays = [f"{name}:{line}" for name, tree in source.items() if not name.startswith(rooms) for line in find(tree)]

    assert strays == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_finds_what_it_speaks_of_and_every_exception_is_needed(
    rule: str, source: dict[str, ast.Module]
) -> None:
    find, rooms = RULES[rule]
    used = {room for room in rooms for name, tree in source.items() if name.startswith(room) and any(find(tree))}

    assert set(rooms) - used <= {SANDBOX}
