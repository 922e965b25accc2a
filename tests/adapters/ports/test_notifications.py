"""`Notifications`, whoever provides them: a customer is told once, and nobody else learns who that is."""

from collections.abc import Sequence

import pytest

from gateway.domain.orders import Contact
from gateway.errors import Rejected, Unknown
from tests.adapters.ports.ground import ADA, Ground, Json

FACTS = {"order_id": "ord_1", "store": "Leeds"}
TEMPLATES = ("ready_for_pickup", "pickup_reminder", "pickup_expired", "offer")


def names_ada(*said: object) -> bool:
    return any(str(part) in repr(said) for part in (ADA.email, ADA.phone))


@pytest.mark.parametrize("kind", TEMPLATES)
async def test_a_customer_is_told(high_street: Ground, kind: str) -> None:
    sent = await high_street.notifications.send(kind, ADA, FACTS, key="tell")

    [message] = await high_street.messages()
    assert (message["id"], message["kind"], message["order_id"]) == (sent.id, kind, "ord_1")
    assert message["facts"] == FACTS
    assert sent.kind == "message"


@pytest.mark.parametrize(
    ("to", "ways"),
    [(ADA, ["email", "phone"]), (Contact(email="a@example.com"), ["email"]), (Contact(phone="+44 1"), ["phone"])],
)
async def test_a_customer_is_told_in_each_way_that_is_known(
    high_street: Ground, to: Contact, ways: Sequence[str]
) -> None:
    await high_street.notifications.send("offer", to, FACTS, key="tell")

    [message] = await high_street.messages()
    assert message["ways"] == ways


async def test_a_repeated_key_tells_once(high_street: Ground) -> None:
    sent = [await high_street.notifications.send("offer", ADA, FACTS, key="tell") for _ in range(3)]

    assert len({each.id for each in sent}) == len(await high_street.messages()) == 1


async def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(high_street: Ground) -> None:
    await high_street.fault("notifications", "send_message", "error_after")
    with pytest.raises(Unknown):
        await high_street.notifications.send("offer", ADA, FACTS, key="tell")

    found = await high_street.notifications.find("send", key="tell")

    assert found == [await high_street.notifications.send("offer", ADA, FACTS, key="tell")]
    assert len(await high_street.messages()) == 1


@pytest.mark.parametrize(
    ("kind", "to", "code"), [("poem", ADA, "unknown_template"), ("offer", Contact(), "unreachable")]
)
async def test_what_cannot_be_told_is_rejected(high_street: Ground, kind: str, to: Contact, code: str) -> None:
    with pytest.raises(Rejected) as refusal:
        await high_street.notifications.send(kind, to, FACTS, key="tell")

    assert refusal.value.facts["code"] == code
    assert await high_street.notifications.find("send", key="tell") == []
    assert await high_street.messages() == []


async def test_whom_it_went_to_stands_nowhere(high_street: Ground) -> None:
    sent = await high_street.notifications.send("offer", ADA, FACTS, key="tell")

    found = await high_street.notifications.find("send", key="tell")
    books: list[list[Json]] = [
        await high_street.messages(),
        await high_street.effects("notifications"),
        await high_street.attempts("notifications"),
    ]
    assert not names_ada(sent, found, books, ADA)
