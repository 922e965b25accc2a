"""What the checker judges by: what clients sent and were told, the back ends' own books, and Omnigate's export."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.checker.papers import Invoice, Purchase

Line = tuple[str, str, int]  # line, SKU, units


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """When the run was disturbed and came to rest (unix times), and what it is held to."""

    started: float
    last_fault: float  # nothing was done to any process, network or back end after it
    rested: float  # every order had ended or was parked
    ended: float  # nobody was asked for anything after it but evidence
    rest_within: float = 60.0  # seconds from the last fault
    attempts: int = 12  # of one effect, at most
    amplification: float | None = None  # attempts to offered effects, at most; None: nothing was away


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order as a client sent it, whatever became of it. `request` is the digest of its bytes."""

    partner: str
    request: str
    channel: str
    channel_order_id: str
    amount: int
    currency: str
    goods: int
    lines: tuple[Line, ...]
    prices: tuple[tuple[str, str], ...] = ()  # line, what a piece costs as a decimal number
    worth: tuple[tuple[str, int], ...] = ()  # line, what all of it costs: less its discount, and tax that is added
    shipping: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request of a client and what came back: no status where no answer came."""

    sent: float
    answered: float
    partner: str
    operation: str  # place | cancel | read | collect | other
    key: str | None = None
    request: str = ""  # digest of what was sent
    order_id: str | None = None  # asked about, or told in the receipt
    status: int | None = None
    body: str = ""  # digest of the answer's bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # those that an answer repeats
    version: int | None = None  # of the order, where it was told
    stands: str | None = None  # the order's status, where it was told
    part: str | None = None  # whose goods a till asked to hand over
    code: str | None = None  # … and against which code


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One line of a back end's books."""

    system: str
    sequence: int
    kind: str
    id: str
    key: str | None
    reference: str | None
    order_id: str | None
    amount: int | None
    currency: str | None
    lines: tuple[Line, ...] | None
    data: Mapping[str, Any] = field(default_factory=dict)
    at: float | None = None  # by the back end's clock

    @property
    def name(self) -> str | None:
        """What its caller called it: the key, or the reference where the back end knows no keys."""
        return self.key or self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call that a back end was asked for an effect by, applied or not."""

    system: str
    sequence: int
    operation: str
    key: str | None
    reference: str | None
    order_id: str | None
    status: int | None
    fault: str | None
    applied: bool
    replayed: bool

    @property
    def name(self) -> str | None:
        return self.key or self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    sequence: int
    type: str
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What Omnigate says of one fulfilment of an order."""

    part_id: str
    status: str
    amount: int
    lines: tuple[tuple[str, int], ...]  # line, units
    method: str = "ship_to_home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What Omnigate says of an order in the end. `partner`: who may read it. `parked`: why it, or a part of it, is."""

    order_id: str
    partner: str
    channel: str
    channel_order_id: str
    status: str
    version: int
    events: tuple[Event, ...]
    parked: str | None = None
    parts: tuple[Part, ...] = ()
    pieces: tuple[tuple[str, str, int], ...] = ()  # line, where they stand, units
    payment: str | None = None  # what its payment is said to have come to


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One article at one node: as many as there were, what lies there now, and what Omnigate would still sell."""

    sku: str
    node: str = "main"
    start: int
    on_hand: int
    allocated: int
    available: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the messenger told a customer. `code`: against which goods are handed over, if it told one."""

    order_id: str
    kind: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Who waited for an article at a moment when none of it was to be had, the oldest order first."""

    at: float
    sku: str
    waiting: tuple[tuple[str, int], ...]  # order, pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLine:
    """*units*: pieces of the order's line, counted from 0, that were to come back. The fee: per cent of what those are
    worth that were found good, rounded down, and at most so much."""

    line: str
    units: tuple[int, ...]
    percent: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What whoever looked at pieces of a line found, and when they first said so. `restocked`: for sale at *node*."""

    at: float
    line: str
    accepted: int = 0
    rejected: int = 0
    restocked: int = 0
    node: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Yes:
    """Somebody agreed to a tranche of money, and when they were first about to say so."""

    tranche: int
    at: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """What Omnigate says of one. `memo`: how its credit memo stands, if it has one."""

    refund_id: str
    tranche: int
    attempt: int
    status: str
    amount: int
    memo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Goods that came back: what those who had to do with them did, and what Omnigate says of it in the end. `limit`:
    minor units of a tranche above which somebody else than who asked for it has to agree."""

    return_id: str
    order_id: str
    status: str
    asked_by: str
    limit: int
    returned: tuple[ReturnedLine, ...]
    counts: tuple[Count, ...] = ()
    yeses: tuple[Yes, ...] = ()
    refunds: tuple[Refund, ...] = ()
    parked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known of one run, after it has come to rest."""

    circumstances: Circumstances
    wanted: tuple[Wanted, ...]
    exchanges: tuple[Exchange, ...]
    effects: tuple[Effect, ...]
    attempts: tuple[Attempt, ...]
    orders: tuple[Order, ...]
    shelves: tuple[Shelf, ...] = ()
    messages: tuple[Message, ...] = ()
    queues: tuple[Queue, ...] = ()
    returns: tuple[Return, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    invoices: tuple[Invoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """What contradicts what: the invariant, the order it is about (if it is about one), a sentence."""

    invariant: str
    order: str | None
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.order or '-'}: {self.sentence}"
