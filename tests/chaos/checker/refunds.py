"""I14, money back: what really came back and was found good is paid for, less its fee, to the minor unit, exactly once,
not before it was found so, with one credit memo, and above the limit with somebody's yes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from tests.chaos.checker.books import Account, Books, named, total, units
from tests.chaos.checker.evidence import Effect, Refund, Return, Violation, Wanted
from tests.chaos.checker.names import CREDITED, FAILED, OF_RETURNS, REFUNDED, owner_of

OVER = frozenset({"closed", "cancelled", "declined", "expired"})
GIVEN_UP = OVER - {"closed"}
ASKED = ("refund", "create_credit_memo")


def refunds(books: Books) -> Iterator[Violation]:
    for stray in books.stray_returns:
        yield Violation("I14", stray.order_id, f"{stray.return_id} is of an order that nobody knows")
    for account in books.accounts.values():
        found = (f"{each.return_id} {sentence}" for each in account.returns for sentence in _of(each, account))
        for sentence in (*found, *_whole(account), *_nobodys(account)):
            yield Violation("I14", account.order.order_id, sentence)


def _of(back: Return, account: Account) -> Iterator[str]:
    yield from _end(back)
    if account.wanted is None:
        return
    mine = {refund.refund_id for refund in back.refunds}
    ids = {each.id for each in account.back if each.kind == "refund" and owner_of(each.name) in mine}
    own = [each for each in account.back if each.id in ids or owner_of(each.name) in mine]
    yield from _due(back, own, account.wanted)
    yield from _too_soon(back, own, account.wanted)
    yield from _agreed(back, own)
    for refund in back.refunds:
        for sentence in (*_done(refund, own), *_credited(refund, own, back)):
            yield f"{refund.refund_id} {sentence}"
    yield from _lines(back, own, account.wanted)


def _end(back: Return) -> Iterator[str]:
    if back.parked is None and back.status not in OVER:
        yield f"is {back.status}: it has neither ended nor is it parked"
    counted, there = Counter[str](), {each.line: len(each.units) for each in back.returned}
    for count in back.counts:
        counted[count.line] += count.accepted + count.rejected
    for line, pieces in counted.items():
        if pieces > there.get(line, 0):
            yield f"{pieces} of line {line} were looked at, {there.get(line, 0)} were to come back"


def _due(back: Return, own: Sequence[Effect], wanted: Wanted) -> Iterator[str]:
    """In the end; of a return that waits for a person, at most."""
    due, given = worth_back(back, wanted), net(own)
    credited = total(each for each in own if (each.system, each.kind) == CREDITED)
    for what, sums in (("given back", given), ("credited", credited)):
        if sums.keys() - {wanted.currency}:
            yield f"is in {wanted.currency}, and {dict(sums)} was {what}"
        if sums.total() > due or (back.parked is None and sums.total() != due):
            yield f"comes to {due}, and {sums.total()} was {what}"


def worth_back(back: Return, wanted: Wanted, until: float | None = None) -> int:
    """What was found good by then, at what its customer paid for it, less the fee."""
    if back.status in GIVEN_UP:
        return 0
    good = Counter[str]()
    for count in back.counts:
        good[count.line] += count.accepted if until is None or count.at <= until else 0
    worth, ordered, due = dict(wanted.worth), units(wanted.lines), 0
    for line in back.returned:
        each, dearer = divmod(worth.get(line.line, 0), max(1, ordered[line.line]))
        value = sum(each + (unit < dearer) for unit in line.units[: good[line.line]])
        fee = value * line.percent // 100
        due += value - (fee if line.most is None else min(fee, line.most))
    return due


def net(effects: Iterable[Effect]) -> Counter[str | None]:
    effects = list(effects)
    found = total(each for each in effects if (each.system, each.kind) == REFUNDED)
    found.subtract(total(each for each in effects if (each.system, each.kind) == FAILED))
    return found


def _too_soon(back: Return, own: Sequence[Effect], wanted: Wanted) -> Iterator[str]:
    """At no moment is more out than was found good by then: so none goes before its goods, nor twice at once."""
    money = [each for each in own if (each.system, each.kind) in (REFUNDED, FAILED)]
    for place, effect in enumerate(sorted(money, key=lambda each: each.sequence), 1):
        out = net(sorted(money, key=lambda each: each.sequence)[:place]).total()
        if effect.at is not None and out > (found := worth_back(back, wanted, effect.at)):
            yield f"had {out} given back when {found} was due"


def _agreed(back: Return, own: Sequence[Effect]) -> Iterator[str]:
    """A tranche is agreed to as a whole, whatever captures it comes from."""
    in_order = sorted(back.refunds, key=lambda refund: refund.tranche)
    for tranche, made in groupby(in_order, key=lambda refund: refund.tranche):
        names = {refund.refund_id for refund in made if refund.attempt == 1}
        paid = [each for each in own if (each.system, each.kind) == REFUNDED and owner_of(each.name) in names]
        if total(paid).total() <= back.limit:
            continue
        yeses = [each for each in back.yeses if each.tranche == tranche and each.by != back.asked_by]
        if not yeses:
            yield f"had {total(paid).total()} given back as tranche {tranche}, and nobody else had agreed"
        elif any(each.at is not None and each.at < min(yes.at for yes in yeses) for each in paid):
            yield f"had tranche {tranche} given back before anybody had agreed"


def _done(refund: Refund, own: Sequence[Effect]) -> Iterator[str]:
    """What Omnigate says of it, against the payment provider's books."""
    paid = [each for each in own if (each.system, each.kind) == REFUNDED and owner_of(each.name) == refund.refund_id]
    failed = {each.id for each in own if (each.system, each.kind) == FAILED}
    stand = [each for each in paid if each.id not in failed]
    if len(paid) > 1:
        yield f"was paid {len(paid)} times"
    if len(stand) != (refund.status == "succeeded") and refund.status in ("succeeded", "failed", "rejected"):
        yield f"is {refund.status}, and {len(stand)} of it stand in the provider's books"
    for effect in paid:
        if effect.amount != refund.amount:
            yield f"is {refund.amount}, and {effect.amount} was given back"


def _credited(refund: Refund, own: Sequence[Effect], back: Return) -> Iterator[str]:
    """Goods are credited once, with the first try at their money, and with as much."""
    memos = [each for each in own if (each.system, each.kind) == CREDITED and owner_of(each.name) == refund.refund_id]
    wanted = refund.attempt == 1 and refund.status not in ("rejected", "pending_approval")
    if len(memos) > wanted or (len(memos) < wanted and back.parked is None):
        yield f"has {len(memos)} credit memos instead of {int(wanted)}"
    paid = {each.id for each in own if (each.system, each.kind) == REFUNDED and owner_of(each.name) == refund.refund_id}
    for memo in memos:
        if memo.amount != refund.amount:
            yield f"is {refund.amount}, and {memo.amount} was credited"
        if memo.data.get("refund") not in paid:
            yield f"is credited for {memo.data.get('refund')}, which is another's"


def _lines(back: Return, own: Sequence[Effect], wanted: Wanted) -> Iterator[str]:
    """The pieces that were credited are those that were found good."""
    credited, good = Counter[str](), Counter[str]()
    skus = {(line, sku) for line, sku, _ in wanted.lines}
    for memo in own:
        if any((line, sku) not in skus for line, sku, _ in memo.lines or ()):
            yield f"{named(memo)} is of other articles than the order"
        credited += units(memo.lines or ()) if (memo.system, memo.kind) == CREDITED else Counter()
    for count in back.counts:
        good[count.line] += count.accepted
    if back.status == "closed" and back.parked is None and credited != +good:
        yield f"had {dict(credited)} credited, and {dict(+good)} was found good"


def _whole(account: Account) -> Iterator[str]:
    """Of one order: what came back, by the back ends' own names alone; out of what was taken; no piece of it twice."""
    ids = {each.id: each for each in account.of("psp", "capture")}
    for name, given in _by_capture(account.effects).items():
        if name not in ids:
            yield f"{given} was given back of {name}, which is no capture of its"
        elif given > (ids[name].amount or 0):
            yield f"{given} was given back of {ids[name].amount} that {name} took"
    for share in account.shares:
        taken, invoiced = ({each.id for each in share.of(*kind)} for kind in (("psp", "capture"), ("erp", "invoice")))
        refunds = {each.id for each in account.of(*REFUNDED) if each.data.get("capture") in taken}
        for memo in account.of(*CREDITED):
            if memo.data.get("refund") in refunds and memo.data.get("invoice") not in invoiced:
                yield f"{named(memo)} is of another invoice than its refund"
    came: Counter[tuple[str, int]] = Counter(
        (line.line, unit)
        for each in account.returns
        if each.status not in GIVEN_UP
        for line in each.returned
        for unit in line.units
    )
    for (line, unit), times in came.items():
        if times > 1:
            yield f"piece {unit} of line {line} came back {times} times"


def _by_capture(effects: Sequence[Effect]) -> Mapping[str, int]:
    failed = {each.id for each in effects if (each.system, each.kind) == FAILED}
    found: Counter[str] = Counter()
    for each in effects:
        if (each.system, each.kind) == REFUNDED and each.id not in failed:
            found[str(each.data.get("capture"))] += each.amount or 0
    return found


def _nobodys(account: Account) -> Iterator[str]:
    """Of no return that is known."""
    known = {refund.refund_id for each in account.returns for refund in each.refunds}
    for effect in account.effects:
        if (effect.system, effect.kind) in OF_RETURNS and effect not in account.back:
            yield f"{named(effect)} is of no return"
    for attempt in account.attempts:
        if attempt.operation in ASKED and owner_of(attempt.name) not in known:
            yield f"{attempt.system} {attempt.operation} was asked for as {attempt.name}, which is of no return"
