"""From which nodes a reservation is taken, and what may be asked of one."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.reservations import (
    Allocation,
    Held,
    Holder,
    Lack,
    Line,
    Part,
    Reservation,
    Stock,
    Take,
    Wish,
    allocate,
    breaches,
    moves,
    until,
)

NEAR, FAR, SHUT = "near", "far", "shut"
STOCK = {
    ("LAMP", NEAR, "new"): Stock(3, sells=True, priority=1),
    ("LAMP", FAR, "new"): Stock(5, sells=True, priority=2),
    ("LAMP", SHUT, "new"): Stock(9, sells=False, priority=0),
    ("VASE", SHUT, "new"): Stock(9, sells=False, priority=0),
    ("JAR", NEAR, "new"): Stock(None, sells=True, priority=1),
    ("BOX", NEAR, "new"): Stock(-2, sells=True, priority=1),
}
HELD = (Held(1, "a", "LAMP", NEAR, "new", 3, consumed=1), Held(2, "a", "LAMP", FAR, "new", 4))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "takes"),
    [
        ([Line("a", "LAMP", 3)], [Take(0, NEAR, 3)]),
        ([Line("a", "LAMP", 4)], [Take(0, FAR, 4)]),  # one node that has all of it, before one that is preferred
        ([Line("a", "LAMP", 7)], [Take(0, NEAR, 3), Take(0, FAR, 4)]),
        ([Line("a", "LAMP", 3), Line("b", "LAMP", 2, FAR)], [Take(0, NEAR, 3), Take(1, FAR, 2)]),
        ([Line("a", "LAMP", 5), Line("b", "LAMP", 3, FAR)], [Take(0, NEAR, 3), Take(0, FAR, 2), Take(1, FAR, 3)]),
        ([Line("a", "LAMP", 8)], [Take(0, NEAR, 3), Take(0, FAR, 5)]),
    ],
)
def test_where_a_line_is_taken_from(lines: list[Line], takes: list[Take]) -> None:
    assert allocate(lines, STOCK) == Allocation(tuple(takes), ())


@pytest.mark.parametrize(
    ("lines", "lacks"),
    [
        ([Line("a", "LAMP", 9)], [Lack(0, 9, 8, "insufficient_stock")]),
        ([Line("a", "LAMP", 3, NEAR), Line("b", "LAMP", 1, NEAR)], [Lack(1, 1, 0, "insufficient_stock")]),
        ([Line("a", "LAMP", 1, SHUT)], [Lack(0, 1, 0, "node_not_sellable")]),
        ([Line("a", "VASE", 1)], [Lack(0, 1, 0, "node_not_sellable")]),
        ([Line("a", "JAR", 1, NEAR)], [Lack(0, 1, 0, "sku_not_stocked")]),
        ([Line("a", "CUP", 1)], [Lack(0, 1, 0, "sku_not_stocked")]),
        ([Line("a", "LAMP", 1, condition="damaged")], [Lack(0, 1, 0, "sku_not_stocked")]),
        ([Line("a", "BOX", 1)], [Lack(0, 1, 0, "insufficient_stock")]),  # less than nothing is nothing
    ],
)
def test_what_cannot_be_had_is_told_by_line(lines: list[Line], lacks: list[Lack]) -> None:
    assert allocate(lines, STOCK).lacks == tuple(lacks)


@pytest.mark.parametrize(
    ("kind", "lasts", "lines", "codes"),
    [
        ("soft", timedelta(minutes=1), [Line("a", "LAMP", 1)], []),
        ("firm", timedelta(minutes=1), [Line("a", "LAMP", 1)], ["not_soft"]),
        ("pinned", None, [Line("a", "LAMP", 1), Line("b", "LAMP", 1, NEAR)], ["missing"]),
        ("firm", None, [Line("a", "LAMP", 1), Line("a", "JAR", 1)], ["duplicate"]),
    ],
)
def test_what_may_be_asked_for(kind: str, lasts: timedelta | None, lines: list[Line], codes: list[str]) -> None:
    wish = Wish(kind, Holder("cart", "c"), tuple(lines), lasts)  # type: ignore[arg-type]

    assert [breach.code for breach in breaches(wish)] == codes


@pytest.mark.parametrize(
    ("parts", "last_first", "expected"),
    [
        ([], False, {1: 2, 2: 4}),
        ([Part("a", 3)], False, {1: 2, 2: 1}),
        ([Part("a", 3)], True, {2: 3}),
        ([Part("a", 1), Part("a", 2)], False, {1: 2, 2: 1}),
        ([Part("a", None, FAR)], False, {2: 4}),
    ],
)
def test_a_part_moves_where_it_is_held(parts: list[Part], last_first: bool, expected: dict[int, int]) -> None:
    assert moves(HELD, parts, last_first=last_first) == (expected, [])


@pytest.mark.parametrize(
    ("part", "code"),
    [(Part("a", 7), "more_than_open"), (Part("b", 1), "unknown_line"), (Part("a", 1, SHUT), "unknown_line")],
)
def test_more_than_is_held_cannot_move(part: Part, code: str) -> None:
    assert [fault.code for fault in moves(HELD, [part], last_first=False)[1]] == [code]


@pytest.mark.parametrize(
    ("minutes", "lasts", "ends"),
    [(5, 10, 15), (1, 2, 10), (9, 500, 120)],  # later; never sooner; never beyond what is most
)
def test_until_when_a_soft_one_can_be_kept(minutes: int, lasts: int, ends: int) -> None:
    made = Reservation(
        "rsv_1",
        "soft",
        Holder("cart", "c"),
        "active",
        version=1,
        expires_at=NOON + timedelta(minutes=10),
        created_at=NOON,
        updated_at=NOON,
        lines=HELD,
    )

    end = until(
        made, now=NOON + timedelta(minutes=minutes), lasts=timedelta(minutes=lasts), most=timedelta(minutes=120)
    )

    assert end == NOON + timedelta(minutes=ends)
