"""Accounts that are wrong: what clients say they were told, what Omnigate says of its orders, what lies on shelves."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from tests.chaos.checker.evidence import Evidence, Exchange
from tests.chaos.mutants.given import ASIDE, Given


def acknowledged_and_lost(given: Given) -> Evidence:
    receipt = given.pick(given.receipts())
    lost = replace(receipt, key="of-a-lost-order", request="of-a-lost-order", order_id=ASIDE)
    return given.put("exchanges", receipt, receipt, lost)


def export_missing(given: Given) -> Evidence:
    return given.put("orders", given.pick(given.evidence.orders))


def export_twice(given: Given) -> Evidence:
    order = given.pick(given.evidence.orders)
    return given.put("orders", order, order, replace(order, order_id=given.pick((order.order_id, ASIDE))))


def order_of_another_end(given: Given) -> Evidence:
    order = given.pick(given.ended())
    other = given.pick(end for end in ("completed", "rejected", "cancelled") if end != order.status)
    return given.put("orders", order, replace(order, status=other))


def order_still_under_way(given: Given) -> Evidence:
    order = given.pick(given.ended())
    return given.put("orders", order, replace(order, status=given.pick(("received", "accepted", "processing"))))


def order_of_another_partner(given: Given) -> Evidence:
    order = given.pick(given.evidence.orders)
    return given.put("orders", order, replace(order, partner=given.another_partner(order.partner)))


def receipt_to_another_partner(given: Given) -> Evidence:
    receipt = given.pick(each for each in given.receipts() if each not in given.replayed())
    return given.put("exchanges", receipt, replace(receipt, partner=given.another_partner(receipt.partner)))


def order_of_another_wish(given: Given) -> Evidence:
    order = given.pick(given.evidence.orders)
    other = given.pick(each for each in given.evidence.orders if each is not order).channel_order_id
    return given.put("orders", order, replace(order, channel_order_id=given.pick((other, "nobodys-wish"))))


def order_parked_for_no_reason(given: Given) -> Evidence:
    order = given.parked()
    return given.put("orders", order, replace(order, parked=given.pick(("", None))))


def order_at_an_older_version(given: Given) -> Evidence:
    seen = given.reads()
    order = given.pick(each for each in given.evidence.orders if each.order_id in seen)
    newest = max(look.version or 0 for look in seen[order.order_id])
    return given.put("orders", order, replace(order, version=newest - 1))


def event_lost(given: Given) -> Evidence:
    order = given.pick(given.evidence.orders)
    lost = given.pick(order.events)
    return given.put("orders", order, replace(order, events=tuple(each for each in order.events if each is not lost)))


def events_swapped(given: Given) -> Evidence:
    order = given.pick(each for each in given.evidence.orders if len(each.events) > 1)
    first, second, *rest = order.events
    return given.put("orders", order, replace(order, events=(second, first, *rest)))


def replay_with_other_bytes(given: Given) -> Evidence:
    return _replay(given, body="other-bytes")


def replay_with_another_status(given: Given) -> Evidence:
    return _replay(given, status=given.pick((200, 201)))


def replay_with_another_header(given: Given) -> Evidence:
    return _replay(given, headers={"content-type": "text/plain"})


def replay_of_another_order(given: Given) -> Evidence:
    answer = given.pick(each for each in given.replayed() if each.operation == "place")
    other = given.pick(each.order_id for each in given.receipts() if each.order_id != answer.order_id)
    return given.put("exchanges", answer, replace(answer, order_id=other))


def _replay(given: Given, **other: Any) -> Evidence:
    answer = given.pick(given.replayed())
    return given.put("exchanges", answer, replace(answer, **other))


def key_used_for_another_request(given: Given) -> Evidence:
    answer = given.pick(each for each in given.evidence.exchanges if each.status == 422)
    return given.put("exchanges", answer, replace(answer, status=given.pick((202, 400))))


def version_going_back(given: Given) -> Evidence:
    before, after = _two_looks(given)
    return given.put("exchanges", after, replace(after, version=(before.version or 0) - 1))


def two_statuses_at_one_version(given: Given) -> Evidence:
    before, after = _two_looks(given)
    other = given.pick(each for each in ("received", "accepted", "processing") if each != before.stands)
    return given.put("exchanges", after, replace(after, version=before.version, stands=other))


def _two_looks(given: Given) -> tuple[Exchange, Exchange]:
    """One that was over before the other began."""
    pairs = [
        (before, after)
        for looks in given.reads().values()
        for before, after in pairwise(looks)
        if before.answered <= after.sent
    ]
    return given.pick(pairs)


def acknowledged_and_then_unknown(given: Given) -> Evidence:
    told = {each.order_id: each.answered for each in reversed(given.receipts())}
    look = given.pick(
        look for order_id, looks in given.reads().items() for look in looks if told.get(order_id, look.sent) < look.sent
    )
    return given.put("exchanges", look, replace(look, status=404, version=None, stands=None))


def late_failure(given: Given) -> Evidence:
    ended = given.evidence.circumstances.ended  # what is asked after it, to collect the evidence, is not judged
    answer = given.pick(each for each in given.evidence.exchanges if ended - 10 <= each.sent <= ended)
    return given.put("exchanges", answer, replace(answer, status=given.pick((503, None)), version=None, stands=None))


def late_silence(given: Given) -> Evidence:
    since = given.evidence.circumstances.ended - 10
    heard = tuple(each for each in given.evidence.exchanges if each.sent < since)
    return replace(given.evidence, exchanges=heard)


def late_fault(given: Given) -> Evidence:
    around = given.evidence.circumstances
    return _around(given, last_fault=around.ended - given.dice.uniform(0.1, 9.9))


def rest_late(given: Given) -> Evidence:
    around = given.evidence.circumstances
    return _around(given, rested=around.last_fault + around.rest_within + given.dice.uniform(0.1, 600))


def storm(given: Given) -> Evidence:
    """A back end was away, and no attempt more than was needed would have been allowed."""
    return _around(given, amplification=given.dice.uniform(0.5, 0.99))


def _around(given: Given, **other: float) -> Evidence:
    return replace(given.evidence, circumstances=replace(given.evidence.circumstances, **other))


def shelf_of_another_count(given: Given) -> Evidence:
    shelf = given.pick(given.evidence.shelves)
    name = given.pick(("start", "on_hand", "allocated", "available"))
    return given.put("shelves", shelf, replace(shelf, **{name: getattr(shelf, name) + given.dice.randrange(1, 100)}))


def shelf_sold_twice(given: Given) -> Evidence:
    shelf = given.pick(given.evidence.shelves)
    return given.put("shelves", shelf, replace(shelf, available=-given.dice.randrange(1, 100)))


def wish_never_sent(given: Given) -> Evidence:
    return given.put("wanted", given.pick(given.completed()))


def wish_of_another_amount(given: Given) -> Evidence:
    wanted = given.pick(given.completed())
    return given.put("wanted", wanted, replace(wanted, amount=wanted.amount + given.pick((-1, 1, 100))))


def wish_for_other_goods(given: Given) -> Evidence:
    wanted = given.pick(given.completed())
    (name, sku, units), *rest = wanted.lines
    return given.put("wanted", wanted, replace(wanted, lines=((name, sku, units + 1), *rest)))


ACCOUNTS = (
    *(acknowledged_and_lost, export_missing, export_twice, order_of_another_end, order_still_under_way),
    *(order_of_another_partner, receipt_to_another_partner, order_of_another_wish, order_parked_for_no_reason),
    *(order_at_an_older_version, event_lost, events_swapped, replay_with_other_bytes, replay_with_another_status),
    *(replay_with_another_header, replay_of_another_order, key_used_for_another_request, version_going_back),
    *(two_statuses_at_one_version, acknowledged_and_then_unknown, late_failure, late_silence, late_fault),
    *(rest_late, storm, shelf_of_another_count, shelf_sold_twice, wish_never_sent, wish_of_another_amount),
    *(wish_for_other_goods,),
)
