"""How an Omnigate is told of a Tryton: the mapping file of the set-up shop, and the settings that name both."""

from pathlib import Path

from tests.peers.tryton import Json, Tryton

MAPPING = "tryton.yaml"


def variables(server: Tryton, folder: Path) -> dict[str, str]:
    """What the environment of our processes says; the mapping is written into *folder*."""
    return {
        "OMNIGATE_ERP": "tryton",
        "OMNIGATE_WMS": "tryton",
        "OMNIGATE_TRYTON_URL": server.url,
        "OMNIGATE_TRYTON_DATABASE": server.database,
        "OMNIGATE_TRYTON_USER": server.login,
        "OMNIGATE_TRYTON_PASSWORD": server.password,
        "OMNIGATE_TRYTON_MAPPING": str(write_mapping(server.seed, folder)),
    }


def write_mapping(seed: Json, folder: Path) -> Path:
    return write(mapping(seed), folder)


def write(value: Json, folder: Path) -> Path:
    path = folder / MAPPING
    path.write_text("".join(_lines(value)))
    return path


def mapping(seed: Json) -> Json:
    """What stands in the file: a shop of one node, though Tryton has a second warehouse."""
    plain = ("company", "unit", "payment_term", "payment_method", "carrier", "delivery", "rounding", "register")
    tables = ("currencies", "countries", "taxes", "channels", "fees")
    return {
        **{name: seed[name] for name in plain},
        "warehouse": seed["warehouse"]["id"],
        "left_out": list(seed["nodes"].values()),
        **{name: dict(seed[name]) for name in tables},
        "articles": dict(seed["products"]),
        "purchases": {name: dict(table) for name, table in seed["purchases"].items()},
        "skip_warnings": ["invoice_taxes"],  # cents of tax that are rounded otherwise; the adapter compares the totals
    }


def _lines(value: Json, depth: int = 0) -> list[str]:
    """YAML, as far as a mapping needs it."""
    lines = []
    for key, each in value.items():
        if isinstance(each, dict):
            lines += [f"{'  ' * depth}'{key}':\n", *_lines(each, depth + 1)]
        else:
            lines.append(f"{'  ' * depth}'{key}': {each}\n")
    return lines
