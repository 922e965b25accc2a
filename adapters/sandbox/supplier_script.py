"""What the pretend suppliers are told to do with orders, play after play; what they are not told they confirm."""

from collections.abc import Mapping

import orjson

from adapters.sandbox.answers import Json, Refusal
from adapters.sandbox.ledger import Ledger

ANSWERS = ("confirm", "change", "backorder", "reject")
MOST = 1_000_000
SIGNED, DEARER, PIECES, DAYS = (-MOST, MOST), (-99, 1_000), (1, MOST), (-365, 365)
BILL = {"percent": DEARER, "over": PIECES}
PLAYS: Mapping[str, Mapping[str, tuple[int, int]]] = {  # the parameters of each, and what they may be
    "confirm": {},
    "change": {"quantity": SIGNED, "percent": DEARER, "days": DAYS},
    "backorder": {"quantity": SIGNED, "days": (1, 365)},
    "reject": {},
    "delay": {},
    "ship": {"over": PIECES, "short": PIECES},
    "bill": BILL,
    "bill_twice": BILL,
}
ABOUT_ALL = ("confirm", "delay")  # the others may name one line
LONGEST = 50  # plays
USUAL: list[Json] = [{"play": "confirm"}]
SCRIPT = "INSERT OR REPLACE INTO supplier_scripts (po_number, plays) VALUES (?, ?)"
FROM_NOW_ON = """
UPDATE supplier_orders SET script = ?, place = 0, edition = edition + 1, state = 'at_work', next_at = ?, attempts = 0,
       let_go = 0
 WHERE po_number = ? AND state <> 'withdrawn'
"""
STALE = """
UPDATE supplier_documents SET state = 'dropped'
 WHERE state = 'pending' AND po_id IN (SELECT po_id FROM supplier_orders WHERE po_number = ?)
"""
EVERY = ""  # the script of the orders that have none of their own


def replace(ledger: Ledger, written: Json) -> None:
    """A script for orders to come, or for one by its number: that one, if it is known, plays it from now on."""
    if unknown := written.keys() - {"po_number", "plays"}:
        raise _wrong(f"unknown key '{min(unknown)}'; known: po_number, plays")
    number, plays = written.get("po_number", EVERY), written.get("plays")
    if not isinstance(number, str) or len(number) > 255:
        raise _wrong("'po_number' must be a text of at most 255 characters")
    if not isinstance(plays, list) or len(plays) > LONGEST:
        raise _wrong(f"'plays' must be a list of at most {LONGEST}")
    script = [_read(play, f"plays[{place}]") for place, play in enumerate(plays)]
    with ledger.transaction():
        ledger.run(SCRIPT, number, orjson.dumps(script))
        if number != EVERY:
            ledger.run(FROM_NOW_ON, orjson.dumps(_spread(script)), ledger.now(), number)
            ledger.run(STALE, number)


def forget(ledger: Ledger) -> None:
    ledger.run("DELETE FROM supplier_scripts")


def shown(ledger: Ledger) -> Json:
    rows = ledger.rows("SELECT * FROM supplier_scripts ORDER BY po_number")
    written = {row["po_number"]: orjson.loads(row["plays"]) for row in rows}
    usual = written.pop(EVERY, USUAL)
    return {"plays": usual, "orders": [{"po_number": number, "plays": plays} for number, plays in written.items()]}


def written_for(ledger: Ledger, po_number: str) -> list[Json]:
    """The plays for an order that has just come in."""
    plays = "SELECT plays FROM supplier_scripts WHERE po_number IN (?, '') ORDER BY po_number DESC LIMIT 1"
    found = ledger.value(plays, po_number)
    return _spread(orjson.loads(found) if found is not None else USUAL)


def revised(script: list[Json], place: int) -> list[Json]:
    """What is left to be played of a newer revision. Whoever has answered the older one agrees to this one."""
    rest = script[place:]
    return rest if any(play["play"] in ANSWERS for play in rest) else [*USUAL, *rest]


def _spread(plays: list[Json]) -> list[Json]:
    """One document a play: billing twice is billing, and then the same under a number much like the first."""
    twice = [(play, {**play, "play": "bill"}, {**play, "play": "bill_again"}) for play in plays]
    return [each for play, *both in twice for each in (both if play["play"] == "bill_twice" else [play])]


def _read(written: object, where: str) -> Json:
    play = {"play": written} if isinstance(written, str) else written
    if not isinstance(play, dict) or not isinstance(name := play.get("play"), str) or name not in PLAYS:
        raise _wrong(f"{where}: there is no such play; known: {', '.join(PLAYS)}")
    takes = PLAYS[name]
    if unknown := play.keys() - {"play", *takes, *(() if name in ABOUT_ALL else ("line_id",))}:
        raise _wrong(f"{where}: '{name}' takes no '{min(unknown)}'")
    for parameter, (least, most) in takes.items():
        value = play.get(parameter, least)
        if type(value) is not int or not least <= value <= most:
            raise _wrong(f"{where}: '{parameter}' must be an integer from {least} to {most}")
    if not isinstance(play.get("line_id", ""), str):
        raise _wrong(f"{where}: 'line_id' must be a text")
    if name == "change" and not play.keys() & takes.keys():
        raise _wrong(f"{where}: 'change' needs one of {', '.join(takes)}")
    return play


def _wrong(detail: str) -> Refusal:
    return Refusal(422, "play_not_possible", detail)
