"""What waits for a person is seen and mended over the API: once, with evidence, and its workflow goes on with it."""

import asyncio

import pytest

from tests.gate import Gate
from tests.resources.desk import PATH, SEEN, Duty, parked
from tests.resources.shop import Shop


@pytest.fixture
async def duty(gate: Gate) -> Duty:
    return await Duty.open(gate, "olga", "support")


async def test_a_parked_workflow_is_an_exception_that_says_what_may_be_done(shop: Shop, duty: Duty) -> None:
    order_id, exception_id = await parked(shop)

    seen = await duty.see(exception_id)

    document = seen.json()
    assert (seen.status_code, seen.headers["etag"]) == (200, '"1"')
    assert (document["class"], document["code"], document["subject"]) == (
        *("integration/timeout", "deadline_passed"),
        order_id,
    )
    assert document["allowed_actions"] == ["retry", "resolve", "compensate", "abandon"]
    assert document["evidence"]["detail"] == "the ERP was down"


async def test_closing_it_takes_the_workflow_up_again(shop: Shop, duty: Duty) -> None:
    order_id, exception_id = await parked(shop)

    done = await duty.act(exception_id, "retry")

    again = (await duty.see(exception_id)).json()
    resolution = {"action": "retry", "operator": "olga", "evidence": SEEN}
    assert (done.status_code, done.json()) == (200, again)
    assert (again["state"], again["resolution"], again["allowed_actions"]) == ("resolved", resolution, [])
    assert await shop.rows("select state from run where run_id = %s", order_id) == [("running",)]
    assert await shop.rows(
        "select actor, subject, partner_id, action from audit where resource in (%s, %s) and actor = 'operator'"
        " order by action",
        *(order_id, exception_id),
    ) == [
        ("operator", "olga", None, "exceptions:write"),
        ("operator", "olga", None, "workflows:retry"),
    ]


async def test_a_key_stands_for_one_deed(shop: Shop, duty: Duty) -> None:
    _, exception_id = await parked(shop)

    answers = await asyncio.gather(*(duty.act(exception_id, "retry", key="one-deed-0123456789") for _ in range(3)))
    later = await duty.act(exception_id, "retry", key="one-deed-0123456789")
    other = await duty.act(exception_id, "abandon", key="one-deed-0123456789")

    assert {answer.status_code for answer in (*answers, later)} == {200}
    assert len({answer.content for answer in (*answers, later)}) == 1
    assert later.headers["idempotent-replayed"] == "true"
    assert other.json()["code"] == "idempotency_key_reused"
    assert await shop.rows("select starts from run") == [(2,)]


async def test_operators_do_not_share_keys(gate: Gate, shop: Shop, duty: Duty) -> None:
    paul = await Duty.open(gate, "paul", "finance")
    (_, one), (_, two) = await parked(shop), await parked(shop)

    mine = await duty.act(one, "retry", key="the-same-0123456789")
    yours = await paul.act(two, "retry", key="the-same-0123456789")

    assert (mine.status_code, yours.status_code) == (200, 200)
    assert yours.json()["exception_id"] == two


@pytest.mark.parametrize(
    ("action", "more", "status", "code"),
    [
        ("reroute", {}, 409, "conflict"),
        ("resolve", {}, 422, "invalid"),
        ("resolve", {"as": "succeeded"}, 409, "conflict"),  # it hangs on no open step
        ("retry", {"match": '"7"'}, 412, "precondition_failed"),
        ("retry", {"evidence": ""}, 422, "invalid"),
        ("retry", {"match": '"1"'}, 200, None),
        ("compensate", {}, 200, None),
        ("abandon", {}, 200, None),
    ],
)
async def test_only_what_is_offered_is_done(
    shop: Shop, duty: Duty, action: str, more: dict[str, str], status: int, code: str | None
) -> None:
    _, exception_id = await parked(shop)

    answer = await duty.act(exception_id, action, **more)

    assert (answer.status_code, answer.json().get("code") if code else None) == (status, code)
    assert (await duty.see(exception_id)).json()["state"] == ("open" if code else "resolved")


async def test_what_is_resolved_is_not_resolved_again(shop: Shop, duty: Duty) -> None:
    _, exception_id = await parked(shop)
    await duty.act(exception_id, "retry")

    again = await duty.act(exception_id, "retry")

    assert (again.status_code, again.json()["effect"]) == (409, "none")


async def test_what_has_ended_can_only_be_given_up(shop: Shop, duty: Duty) -> None:
    order_id, exception_id = await parked(shop, "shipped_after_cancelled", outcome="cancelled")

    offered = (await duty.see(exception_id)).json()
    refused, done = await duty.act(exception_id, "retry"), await duty.act(exception_id, "abandon")

    assert (offered["class"], offered["allowed_actions"]) == ("fulfilment/cancel_race", ["abandon"])
    assert (refused.status_code, done.status_code) == (409, 200)
    assert await shop.rows("select state, outcome from run where run_id = %s", order_id) == [("ended", "cancelled")]


async def test_lists_are_filtered_and_come_page_by_page(shop: Shop, duty: Duty) -> None:
    found = [(await parked(shop))[1] for _ in range(3)]
    _, other = await parked(shop, "duplicate_effect")
    await duty.act(found[0], "retry")

    first = await duty.listed(state="open", page_size=2)
    rest = await duty.listed(state="open", page_size=2, page_token=first["next_page_token"])
    late = await duty.listed(**{"class": "integration/timeout", "state": "open", "owner": "support"})

    assert {each["exception_id"] for page in (first, rest) for each in page["exceptions"]} == {*found[1:], other}
    assert (len(first["exceptions"]), rest["next_page_token"]) == (2, "")
    assert {each["exception_id"] for each in late["exceptions"]} == set(found[1:])
    assert [each["exception_id"] for each in (await duty.listed(state="resolved"))["exceptions"]] == found[:1]


async def test_many_of_one_cause_are_mended_at_once(shop: Shop, duty: Duty) -> None:
    found = [(await parked(shop))[1] for _ in range(3)]
    _, other = await parked(shop, "duplicate_effect")

    wrong = await duty.act_on_all("retry", expected=4)
    some = await duty.act_on_all("retry", limit=2, key="all-of-them-0123456789")
    again = await duty.act_on_all("retry", limit=2, key="all-of-them-0123456789")
    refused = await duty.act_on_all("resolve", **{"as": "succeeded"})

    assert (wrong.status_code, wrong.json()["code"]) == (409, "conflict")
    told = some.json()
    assert (told["done"], told["refused"], told["left_open"]) == (2, 0, 1)
    assert {each["exception_id"] for each in told["outcomes"]} < set(found)
    assert again.content == some.content
    assert [(each["outcome"], each["code"]) for each in refused.json()["outcomes"]] == [("refused", "conflict")]
    assert (await duty.see(other)).json()["state"] == "open"


async def test_who_may_only_look_mends_nothing(gate: Gate, shop: Shop) -> None:
    viewer = await Duty.open(gate, "vera", "viewer")
    _, exception_id = await parked(shop)

    refused = await viewer.act(exception_id, "retry")

    assert (await viewer.see(exception_id)).status_code == 200
    assert (refused.status_code, refused.json()["rule"]) == (403, "operators-mend-exceptions")


async def test_partners_see_nothing_of_it(shop: Shop) -> None:
    _, exception_id = await parked(shop)

    seen = await shop.gate.http.get(f"{PATH}/{exception_id}", headers=shop.headers)

    assert (seen.status_code, seen.json()["code"]) == (403, "forbidden")


async def test_an_operator_follows_every_order_and_places_none(shop: Shop, duty: Duty) -> None:
    receipt = await shop.place()

    seen = await duty.gate.http.get(f"/v1/orders/{receipt['order_id']}", headers=duty.headers)
    listed = await duty.gate.http.get("/v1/orders", headers=duty.headers)
    placed = await duty.gate.http.post(
        "/v1/orders", json=shop.order(), headers={**duty.headers, "idempotency-key": "by-hand-0123456789"}
    )

    assert (seen.status_code, [each["order_id"] for each in listed.json()["orders"]]) == (200, [receipt["order_id"]])
    assert placed.status_code == 403
