"""tell: one message to a customer, once. That nobody can be reached changes nothing about the order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.identifiers import Mint
from gateway.domain.orders import Contact
from gateway.ports import BackEnds, Effect
from gateway.store import notices, orders
from gateway.store.notices import Notice
from gateway.store.pool import Connection
from gateway.workflows.saga import Case, Moved, Refusal, Saga, Step

NAME, VERSION = "tell", 1


@dataclass(frozen=True, slots=True)
class Teller:
    """*connected*: there is somebody who tells customers."""

    mint: Mint
    connected: bool

    async def tell(
        self, connection: Connection, case: Case, kind: str, facts: Mapping[str, str], now: datetime
    ) -> None:
        """The caller holds the row of the order's run."""
        if self.connected and case.contact is not None:
            notice = Notice(
                self.mint("ntf"),
                case.order.order_id,
                kind,
                {"order_id": case.order.order_id, "order": case.order.channel_order_id, **facts},
            )
            await notices.add(connection, notice, saga=(NAME, VERSION), now=now)


async def send(case: Case, back_ends: BackEnds, key: str) -> Effect:
    assert case.notice is not None, "it is a notice that is sent"
    assert back_ends.notifications is not None, "none is begun where nobody tells customers"
    facts = {name: str(value) for name, value in case.notice.facts.items()}
    return await back_ends.notifications.send(case.notice.kind, case.contact or Contact(), facts, key=key)


class NoticeSubject:
    """`gateway.workflows.saga.Subject` of a notice."""

    async def load(self, connection: Connection, run_id: str) -> Case:
        notice = await notices.load(connection, run_id)
        stored = await orders.load(connection, notice.order_id)
        return Case(stored.order, None, trace_id=stored.trace_id, contact=stored.contact, notice=notice)

    async def status(self, connection: Connection, run_id: str) -> str:
        return await notices.status(connection, run_id)

    async def move(self, connection: Connection, run_id: str, status: str, moved: Moved) -> None:
        await notices.stand(connection, run_id, status, now=moved.now)


def tell() -> Saga:
    nobody = Refusal("nobody_reached", "the customer cannot be told")
    return Saga(
        NAME,
        VERSION,
        (Step("send", "notifications", "send", send, lambda _: nobody, by_hand="tell the customer; then abandon"),),
        NoticeSubject(),
        done="sent",
        undone="not_sent",
        stopped="not_sent",
        wished="",
        resumed="",
    )
