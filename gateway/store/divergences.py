"""Where sources disagree: found after every report, kept while it lasts, raised when it does not clear by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gateway.domain.divergence import Difference, Kind, classified, looks_like
from gateway.domain.inventory import Place
from gateway.store.exceptions import Opening, close_exception, open_exception
from gateway.store.pool import Connection
from gateway.store.views import Hearing, columns, derive, lock_places

CLASS = "inventory/divergence"
BETWEEN_SOURCES = "divergence_"  # codes begin so; others of the class are about our own counters
_ACTIONS = ("resolve",)

Pair = tuple[Place, str]  # where, and which witness


@dataclass(frozen=True, slots=True)
class _Compared:
    """Truth and witness at one place, as far as both have spoken, and what was kept about them before."""

    pair: Pair
    difference: Difference
    truth: str
    since: tuple[datetime, datetime]  # the truth's count, the witness's last word
    kind: str | None
    raised: bool
    known: tuple[datetime, datetime] | None


async def judge(connection: Connection, source_id: str, places: Sequence[Place], hearing: Hearing) -> None:
    """Compare the views of these places, which the caller has locked, after *source_id* has spoken of them."""
    compared = await _compare(connection, source_id, places, hearing)
    apart = [each for each in compared if each.difference.matters(hearing.policy)]
    told = await _told(connection, apart)
    for each in compared:
        if each.difference.matters(hearing.policy):
            await _keep(connection, each, told.get(each.pair, {}), hearing)
        elif each.kind is not None:
            await _forget(connection, each, hearing)


async def _compare(
    connection: Connection, source_id: str, places: Sequence[Place], hearing: Hearing
) -> list[_Compared]:
    skus, nodes, conditions = columns(places)
    policy = hearing.policy
    cursor = await connection.execute(
        _COMPARE,
        {
            **{"source": source_id, "skus": skus, "nodes": nodes, "conditions": conditions},
            **{"units": policy.divergence_units, "percent": policy.divergence_percent},
        },
    )
    return [_compared(row) for row in await cursor.fetchall()]


def _compared(row: tuple[Any, ...]) -> _Compared:
    sku, node, condition, witness, truth, *numbers, as_of, told_at, kind, raised, reports, of_truth, of_witness = row
    truths, witnesses, claimed_of_truth, claimed_of_witness, claims = numbers
    known = None if of_truth is None else (of_truth, of_witness)
    heard = reports + 1 if known is None or known != (as_of, told_at) else reports
    difference = Difference(
        truth=truths - claimed_of_truth,
        witness=witnesses - claimed_of_witness,
        numbers=(truths, witnesses),
        claims=claims,
        reports=heard,
    )
    return _Compared(((sku, node, condition), witness), difference, truth, (as_of, told_at), kind, raised, known)


# At the witness's last word: what the truth told of later is no contradiction. Who has never counted, or has not spoken
# since the truth counted, contradicts nobody. Only what differs, or did, is read.
_COMPARE = """
with asked as materialized (
    select * from unnest(%(skus)s::text[], %(nodes)s::text[], %(conditions)s::text[]) as a (sku, node_id, condition)
     where exists (select from stock_view v join node n on n.node_id = v.node_id and n.source_id <> v.source_id
                    where v.sku = a.sku and v.node_id = a.node_id and v.condition = a.condition)
), claim as materialized (
    select * from stock_claims((select array_agg(sku) from asked), (select array_agg(node_id) from asked))
), pair as (
    select t.sku, t.node_id, t.condition, w.source_id as witness, t.source_id as truth,
           t.quantity + case when t.told_at > l.word
                        then coalesce((select sum(d.applies) from stock_delta d
                                        where d.source_id = t.source_id and d.sku = t.sku and d.node_id = t.node_id
                                          and d.condition = t.condition and d.bucket = 'on_hand'
                                          and comes_after(d.applies, d.occurred_at, t.as_of)
                                          and d.occurred_at <= l.word), 0)
                        else t.moved end as truths,
           w.quantity + w.moved as witnesses, ct.claims as of_truth, cw.claims as of_witness,
           t.as_of, l.word, d.kind, coalesce(d.raised, false) as raised, coalesce(d.reports, 0) as reports,
           d.truth_as_of, d.told_at
      from asked a join node n using (node_id)
      join stock_view t on t.sku = a.sku and t.node_id = a.node_id and t.condition = a.condition
                       and t.source_id = n.source_id
      join stock_view w on w.sku = a.sku and w.node_id = a.node_id and w.condition = a.condition
                       and w.source_id <> n.source_id
     cross join lateral (select greatest(w.as_of, w.told_at) as word) l
      join claim ct on (ct.source_id, ct.sku, ct.node_id, ct.condition) = (t.source_id, t.sku, t.node_id, t.condition)
      join claim cw on (cw.source_id, cw.sku, cw.node_id, cw.condition) = (w.source_id, w.sku, w.node_id, w.condition)
      left join stock_divergence d on d.sku = w.sku and d.node_id = w.node_id and d.condition = w.condition
                                  and d.source_id = w.source_id
     where (n.source_id = %(source)s or w.source_id = %(source)s)
       and t.as_of > 'epoch' and w.as_of > 'epoch' and l.word >= t.as_of
)
select p.sku, p.node_id, p.condition, witness, truth, truths, witnesses, of_truth, of_witness,
       coalesce((select sum(l.open) from reservation_line l
                  where l.sku = p.sku and l.node_id = p.node_id and l.condition = p.condition and not l.settled
                    and l.expires_at is null), 0)::integer,
       as_of, word, kind, raised, reports, truth_as_of, told_at
  from pair p
 where kind is not null or abs((truths - of_truth) - (witnesses - of_witness)) > %(units)s
 order by 1, 2, 3, 4
"""


async def _told(connection: Connection, apart: Sequence[_Compared]) -> Mapping[Pair, Mapping[str, list[int]]]:
    """The facts that either has told since the earlier of their counts: the quantities, with every telling."""
    found: dict[Pair, dict[str, list[int]]] = {}
    if not apart:
        return found
    skus, nodes, conditions = columns([each.pair[0] for each in apart])
    witnesses, truths = [each.pair[1] for each in apart], [each.truth for each in apart]
    cursor = await connection.execute(_FACTS, (skus, nodes, conditions, witnesses, truths))
    for sku, node, condition, witness, is_witness, quantities in await cursor.fetchall():
        found.setdefault(((sku, node, condition), witness), {})["witness" if is_witness else "truth"] = quantities
    return found


_FACTS = """
select a.sku, a.node_id, a.condition, a.witness, d.source_id = a.witness, array_agg(d.applies)
  from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) as a (sku, node_id, condition, witness, truth)
 cross join lateral (
       select source_id, applies from stock_delta d
        where d.sku = a.sku and d.node_id = a.node_id and d.condition = a.condition and d.bucket = 'on_hand'
          and d.source_id in (a.witness, a.truth) and d.applies <> 0
          and d.occurred_at > (select min(v.as_of) from stock_view v
                                where v.sku = a.sku and v.node_id = a.node_id and v.condition = a.condition
                                  and v.source_id in (a.witness, a.truth))
        order by d.occurred_at desc limit 1000) d
 group by 1, 2, 3, 4, 5
"""


async def _keep(connection: Connection, each: _Compared, told: Mapping[str, list[int]], hearing: Hearing) -> None:
    difference = replace(each.difference, told=told)
    kind, severe = classified(difference), difference.is_severe(hearing.policy)
    if severe and kind is Kind.TIMING:
        kind = looks_like(difference)
    raised = severe or kind is not Kind.TIMING
    if each.raised and each.kind != kind:
        await _close(connection, each, f"it looks like {kind} now", hearing)
    if raised and (not each.raised or each.known != each.since or each.kind != kind):
        await open_exception(connection, _opening(each, difference, kind, hearing), now=hearing.now)
    place, witness = each.pair
    as_of, told_at = each.since
    values = (*place, witness, difference.units, kind.value, raised, difference.reports, as_of, told_at, hearing.now)
    await connection.execute(_KEEP, values)


_KEEP = """
insert into stock_divergence as d (sku, node_id, condition, source_id, difference, kind, raised, reports, truth_as_of,
                                   told_at, since)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (sku, node_id, condition, source_id) do update
   set difference = excluded.difference, kind = excluded.kind, raised = excluded.raised, reports = excluded.reports,
       truth_as_of = excluded.truth_as_of, told_at = excluded.told_at
"""


def _opening(each: _Compared, difference: Difference, kind: Kind, hearing: Hearing) -> Opening:
    evidence = {
        "difference": difference.units,
        "severe": difference.is_severe(hearing.policy),
        "reports": difference.reports,
        "open_claims": difference.claims,
        "truth": {"source": each.truth, "available": difference.truth, "as_of": each.since[0].isoformat()},
        "witness": {"source": each.pair[1], "available": difference.witness, "as_of": each.since[1].isoformat()},
    }
    return Opening(hearing.mint("xcp"), CLASS, f"{BETWEEN_SOURCES}{kind}", _subject(each.pair), evidence, _ACTIONS)


def _subject(pair: Pair) -> str:
    (sku, node, condition), witness = pair
    return f"{node}/{sku}/{condition}:{witness}"


async def _forget(connection: Connection, each: _Compared, hearing: Hearing) -> None:
    await connection.execute(_FORGET, (*each.pair[0], each.pair[1]))
    if each.raised:
        await _close(connection, each, "the sources agree again", hearing)


_FORGET = "delete from stock_divergence where sku = %s and node_id = %s and condition = %s and source_id = %s"


async def set_aside(connection: Connection, subject: str) -> None:
    """A person has decided who is right: the witness's number withholds nothing any more, until it speaks again."""
    pair, _, witness = subject.rpartition(":")
    node, _, rest = pair.partition("/")
    sku, _, condition = rest.rpartition("/")
    place: Place = (sku, node, condition)
    await lock_places(connection, [place])
    await connection.execute(_FORGET, (*place, witness))
    await derive(connection, [place], why="divergence_resolved")


async def forget_witness(connection: Connection, node_id: str, source_id: str, *, now: datetime) -> None:
    """The source is the node's truth from now on, and differs from nobody as a witness."""
    resolution = Jsonb({"by": "system", "reason": "the node goes by this source now"})
    about = {"node": node_id, "source": source_id, "class": CLASS, "code": f"{BETWEEN_SOURCES}%"}
    await connection.execute(_FORGET_ALL, {**about, "now": now, "resolution": resolution})


_FORGET_ALL = """
with gone as (
    delete from stock_divergence where node_id = %(node)s and source_id = %(source)s
    returning node_id || '/' || sku || '/' || condition || ':' || source_id as subject
)
update exception x set state = 'resolved', resolved_at = %(now)s, resolution = %(resolution)s, version = version + 1
  from gone where x.class = %(class)s and x.code like %(code)s and x.subject = gone.subject and x.state = 'open'
"""


async def _close(connection: Connection, each: _Compared, reason: str, hearing: Hearing) -> None:
    code, resolution = f"{BETWEEN_SOURCES}{each.kind}", {"by": "system", "reason": reason}
    subject = _subject(each.pair)
    await close_exception(connection, class_=CLASS, code=code, subject=subject, resolution=resolution, now=hearing.now)
