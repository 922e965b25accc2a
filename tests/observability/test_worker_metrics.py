"""What a worker counts while it carries orders through the back ends, and what the database says of all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

from gateway.governance.bundle import Bundle
from gateway.metering import metered
from gateway.settings import Settings
from gateway.store.figures import FRESH
from tests.gate import StillClock
from tests.journeys.opening import open_shop
from tests.journeys.shop import Shop, order
from tests.proof.processes import free_port
from tests.scrape import Scrape, ports_of, scrape

CALLS = "omnigate_back_end_calls_total"


class Stall:
    """A shop, and the metrics port of its worker."""

    def __init__(self, shop: Shop, clock: StillClock, port: int) -> None:
        self.shop, self._clock, self._port = shop, clock, port

    async def scrape(self) -> Scrape:
        """With figures of the database that are not old."""
        self._clock.pass_by(FRESH)
        return await scrape(self._port)


@asynccontextmanager
async def stall(
    database_url: str, home: Path, bundle: Bundle, lines: BytesIO, *, polled: bool = False
) -> AsyncIterator[Stall]:
    settings, clock = Settings(metrics_port=free_port()), StillClock()
    async with (
        open_shop(database_url, home, bundle, polled=polled) as shop,
        metered(shop.metrics.process, settings=settings, database=shop.gate.database, ticks=clock.ticks),
    ):
        yield Stall(shop, clock, ports_of(lines)[0])


async def test_a_journey_counts_its_calls_and_how_they_ended(
    database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO
) -> None:
    async with stall(database_url, tmp_path, bundle, lines) as watched:
        await watched.shop.fault("erp", "create_sales_order", "error_after")
        await watched.shop.until(await watched.shop.placed(order()))

        seen = await watched.scrape()

    assert seen.of(CALLS, system="payments", operation="authorise", call="do", outcome="succeeded") == 1
    assert seen.of(CALLS, system="payments", operation="capture", call="do", outcome="succeeded") == 1
    assert seen.of(CALLS, system="erp", operation="book", call="do", outcome="unknown") == 1
    assert seen.of(CALLS, system="erp", operation="book", call="find", outcome="found") >= 1
    assert seen.of("omnigate_back_end_call_duration_seconds_count", system="erp", operation="book") >= 2
    for saga in ("place_order", "fulfil"):  # the order, and its one part
        assert seen.of("omnigate_worker_ended_runs_total", saga=saga, outcome="completed") == 1
    assert seen.of("omnigate_worker_claimed_runs_total") >= 2, "once to begin, once when the goods had left"
    assert seen.of("omnigate_worker_slots") == 16


async def test_a_refusal_of_a_back_end_is_an_outcome_without_its_text(
    database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO
) -> None:
    async with stall(database_url, tmp_path, bundle, lines) as watched:
        document = await watched.shop.until(await watched.shop.placed(order(token="tok_declined")))

        seen = await watched.scrape()

    assert document["status"] == "rejected"
    assert seen.of(CALLS, system="payments", operation="authorise", call="do", outcome="rejected") == 1
    assert seen.of("omnigate_worker_ended_runs_total", saga="place_order", outcome="rejected") == 1
    assert document["order_id"] not in seen.text
    assert "tok_declined" not in seen.text


async def test_a_parked_run_shows_until_somebody_acts(
    database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO
) -> None:
    async with stall(database_url, tmp_path, bundle, lines) as watched:
        await watched.shop.fault("psp", "authorise", "error_before", 1000)
        order_id = await watched.shop.placed(order())
        await watched.shop.park_by_deadline(order_id)

        parked = await watched.scrape()
        await watched.shop.desk().abandon(order_id, evidence="nobody wants it")
        await watched.shop.until(order_id)
        after = await watched.scrape()

    assert parked.of("omnigate_parked_runs", cause="deadline_passed") == 1
    assert parked.of("omnigate_runs", state="parked") == 1
    assert parked.of("omnigate_worker_parked_runs_total", cause="deadline_passed") == 1
    assert parked.of("omnigate_open_exceptions", **{"class": "integration/timeout"}) == 1
    assert after.of("omnigate_parked_runs") == 0
    assert after.of("omnigate_open_exceptions") == 0
    assert after.of("omnigate_worker_parked_runs_total", cause="deadline_passed") == 1, "what was counted stays counted"


async def test_how_far_a_system_is_read_that_cannot_call_us(
    database_url: str, tmp_path: Path, bundle: Bundle, lines: BytesIO
) -> None:
    async with stall(database_url, tmp_path, bundle, lines, polled=True) as watched:
        await watched.shop.fault("wms", "create_shipment", "lost_callback")
        await watched.shop.until(await watched.shop.placed(order()))
        async with watched.shop.gate.database.connection() as connection:
            await connection.execute(
                "insert into change_feed (source, held_until, begun_at, read_at)"
                " values ('erp', now() - interval '1 hour', now() - interval '400 s', now() - interval '90 s'),"
                " ('gone', now() - interval '2 days', now() - interval '3 days', null)"
            )

        seen = await watched.scrape()

    assert seen.of("omnigate_changes_pages_total", system="wms", outcome="read") >= 1
    assert 0 <= seen.of("omnigate_changes_lag_seconds", system="wms") < 90
    assert 90 <= seen.of("omnigate_changes_since_read_seconds", system="erp") < 180
    assert 400 <= seen.of("omnigate_changes_lag_seconds", system="erp") < 490
    assert 'system="gone"' not in seen.text
