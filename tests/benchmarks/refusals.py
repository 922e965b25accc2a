"""R16: what refusing a forged token costs, beside checking a good one that is not remembered; both in this process."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import process_time_ns

from gateway.domain.identifiers import mint
from gateway.partners.keys import SigningKeys
from gateway.partners.tokens import Tokens
from gateway.refusals import InvalidToken
from tests.benchmarks.figures import Findings, Row, goal, middle
from tests.partners.forged_claims import claims, times
from tests.partners.forged_headers import algorithms, headers, names, writings
from tests.partners.forged_signatures import mutants, shapes, signatures
from tests.partners.forger import Forger

ADDRESS = "https://gateway.example"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class _Drawer:
    """One key, as the database would keep it."""

    async def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        return make()


def measure(*, rounds: int) -> Findings:
    keys = SigningKeys(_Drawer())  # type: ignore[arg-type]
    asyncio.run(keys.load())
    tokens = Tokens(keys, address=ADDRESS, mint=mint)
    forger = Forger(keys, address=ADDRESS, client_id="client_1", second=int(NOW.timestamp()))
    families = {name: [token for _, token in family] for name, family in _families(forger)}
    good = [tokens.issue("client_1", frozenset({"orders:read"}), now=NOW) for _ in range(200)]
    long = [forger.with_claims(scope="x" * size) for size in (9_000, 20_000)]
    cost: dict[str, list[float]] = {}
    for _ in range(max(rounds, 3)):
        for name, sent in {"good": good, **families, "long": long * 50}.items():
            cost.setdefault(name, []).append(_microseconds(tokens, sent))
    return _findings({name: middle(each) for name, each in cost.items()}, sum(map(len, families.values())))


def _families(f: Forger) -> Iterator[tuple[str, Iterator[tuple[str, str]]]]:
    yield from (("algorithm", algorithms(f)), ("header", headers(f, ADDRESS)), ("key id and type", names(f)))
    yield from (("writing", writings(f)), ("claim", claims(f, ADDRESS)), ("time", times(f)))
    yield from (("signature", signatures(f)), ("shape", shapes(f)), ("mutant", mutants(f)))


def _microseconds(tokens: Tokens, sent: list[str]) -> float:
    """Of processor time, a token."""
    begun = process_time_ns()
    for token in sent:
        try:
            tokens.read(token, now=NOW)
        except InvalidToken:
            continue
    return (process_time_ns() - begun) / len(sent) / 1000


def _findings(cost: dict[str, float], count: int) -> Findings:
    good, long = cost.pop("good"), cost.pop("long")
    dearest = max(cost, key=lambda name: cost[name])
    ratio = cost[dearest] / good
    found = Findings([Row("R16 a good token, not remembered", f"{good:,.0f} µs")])
    found.rows.append(
        Row(
            f"R16 the dearest kind to refuse: {dearest}",
            f"{cost[dearest]:,.0f} µs",
            f"{ratio:.2f} of good",
            *goal(ratio, "<= 2 of good", at_most=2),
        )
    )
    found.rows.append(Row("R16 longer than 8 KiB", f"{long:,.1f} µs", "", *goal(long, "<= 1 ms", at_most=1000)))
    each = ", ".join(f"{name} {microseconds:,.0f}" for name, microseconds in cost.items())
    found.remarks.append(f"R16: {count:,} forged tokens; processor time a refusal, µs: {each}.")
    return found
