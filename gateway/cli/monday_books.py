"""The Monday's reckoning: what we say went back of each return, what the ERP credited and what was paid."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.cli.channel import Json
from gateway.cli.saturday_books import Finding

KINDS = (("erp", "credit_memo"), ("psp", "refund"))


@dataclass(frozen=True, slots=True)
class Row:
    """Minor units, of one return: ours, the ERP's, the payment provider's."""

    name: str
    refunded: int
    credited: int
    paid: int

    @property
    def agrees(self) -> bool:
        return self.refunded == self.credited == self.paid


@dataclass(frozen=True, slots=True)
class Back:
    """*returns*: by order, as channels read them; *effects*: of ERP and provider, of every order of the Saturday."""

    returns: Mapping[str, Json]
    effects: Sequence[Json]

    def of(self, order_id: str) -> Mapping[str, list[Json]]:
        found: dict[str, list[Json]] = {kind: [] for _, kind in KINDS}
        for effect in self.effects:
            if effect["order_id"] == order_id and (effect["system"], effect["kind"]) in KINDS:
                found[effect["kind"]].append(effect)
        return found


def rows(back: Back) -> list[Row]:
    return [_row(seen, back.of(order_id)) for order_id, seen in back.returns.items()]


def total(found: Sequence[Row]) -> Row:
    sums = (sum(each) for each in zip(*((row.refunded, row.credited, row.paid) for row in found), strict=True))
    return Row("all", *(sums if found else (0, 0, 0)))


def _row(seen: Json, there: Mapping[str, list[Json]]) -> Row:
    refunded = sum(each["amount"]["amount"] for each in seen.get("refunds", []) if each["status"] == "succeeded")
    credited, paid = (sum(each["amount"]["amount"] for each in there[kind]) for _, kind in KINDS)
    return Row(seen["channel_return_id"], refunded, credited, paid)


def reckon(back: Back) -> list[Finding]:
    """Too little is lost, too much doubled; and no money goes back for what did not come."""
    findings = list[Finding]()
    for order_id, seen in back.returns.items():
        findings += _one(seen, back.of(order_id))
    strays = defaultdict[str, set[str]](set)
    for effect in back.effects:
        if (effect["system"], effect["kind"]) in KINDS and effect["order_id"] not in back.returns:
            strays[effect["order_id"]].add(effect["kind"])
    return findings + [
        Finding(order_id, "doubled", f"{', '.join(sorted(kinds))} of an order that nothing came back of")
        for order_id, kinds in strays.items()
    ]


def _one(seen: Json, there: Mapping[str, list[Json]]) -> Iterator[Finding]:
    row, about = _row(seen, there), str(seen["return_id"])
    if seen["status"] != "closed":
        yield Finding(about, "lost", f"still {seen['status']}")
    for what, theirs in (("credited", row.credited), ("paid back", row.paid)):
        if theirs != row.refunded:
            yield Finding(
                about,
                "lost" if theirs < row.refunded else "doubled",
                f"we say {row.refunded} went back, and {theirs} were {what}",
            )
    named = sorted(str(memo["data"]["refund"]) for memo in there["credit_memo"])
    if row.agrees and named != sorted(str(refund["id"]) for refund in there["refund"]):
        yield Finding(about, "lost", f"credit memos name the refunds {named}, and the payment provider has others")
