"""
What the systems behind the REST dialect promise, operation by operation.

A manifest answers one question: what may be done when a call's answer is missing? The runner reads it; no adapter
decides it in code. Each operation has a `Promise`:

- `retry_class`. `KEYED`: the system remembers our key, sent in `header`, for `window` seconds (None: for ever), and
  `replays` says what it answers when it comes again; after the window the operation is looked up first.
  `LOOK_UP_FIRST`: there are no keys, so nothing is repeated before `find` has shown, after the settle delay, that it
  did not happen. `NATURAL`: repeating does no harm. `NEVER`: neither; one attempt, then a person.
- `found_by`: by what `find` finds it. `lag`: how long what has landed may not be found.
- `attempt`: how long one call may take. `sending`: for how long after the intent was written down calls are begun; an
  operation that is made of several needs longer. `settle`: a call that was sent and not answered has landed this long
  after the last moment at which it might have been sent, or it never will. The system is told in `Request-Deadline`
  when that is, and must not apply the request after it.
- `deadline`: how long the step is tried before it is parked for an operator. Holding money is tried for an hour,
  because a customer waits for the word; everything else may outlast a day without its back end.
- `pace`: how fast the system wants to be asked; kept also when much has piled up. `undo`: what takes it back.
- `in_parts`: it may be asked for several times about the same effect, each time for a part of it. Of a capture: the
  rest stays held and can be taken later; without it one capture is all there is, and releases the rest.

A system of your own that implements the dialect under other promises (keys kept for an hour, a slower ledger) is
connected by handing other `Manifests` to `rest_back_ends`; its code stays the same.
"""

from dataclasses import dataclass

from gateway.ports import Manifest, Promise, RetryClass

HOUR = 3_600.0
DAY = 24 * HOUR

LOOK_UP = Promise(RetryClass.NATURAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """A manifest for each back end: its effects by the port's names, and its look-ups."""

    payments: Manifest
    erp: Manifest
    wms: Manifest
    store: Manifest
    carrier: Manifest
    notifications: Manifest
    supplier: Manifest


MANIFESTS = Manifests(
    payments={
        "authorise": Promise(RetryClass.KEYED, deadline=HOUR, window=DAY, undo="void"),
        "void": Promise(RetryClass.KEYED, deadline=DAY, window=DAY),
        "capture": Promise(RetryClass.KEYED, deadline=DAY, window=DAY, undo="refund", in_parts=True),
        "refund": Promise(RetryClass.KEYED, deadline=DAY, window=DAY),
        "find": LOOK_UP,
    },
    erp={
        "book": Promise(RetryClass.LOOK_UP_FIRST, deadline=DAY, found_by=("reference",), undo="cancel"),
        "cancel": Promise(RetryClass.NATURAL, deadline=DAY, found_by=("subject",)),
        "invoice": Promise(RetryClass.LOOK_UP_FIRST, deadline=DAY, found_by=("reference",)),
        "credit": Promise(RetryClass.LOOK_UP_FIRST, deadline=DAY, found_by=("reference",)),
        "order_goods": Promise(RetryClass.LOOK_UP_FIRST, deadline=DAY, found_by=("reference",), undo="cancel_purchase"),
        "cancel_purchase": Promise(RetryClass.NATURAL, deadline=DAY, found_by=("subject",)),
        "receive_goods": Promise(RetryClass.LOOK_UP_FIRST, deadline=DAY, found_by=("reference",)),
        "post_bill": Promise(RetryClass.LOOK_UP_FIRST, deadline=DAY, found_by=("reference",)),
        "find": LOOK_UP,
    },
    wms={
        "release": Promise(RetryClass.KEYED, deadline=DAY, undo="cancel"),
        "cancel": Promise(RetryClass.KEYED, deadline=DAY),
        "find": LOOK_UP,
        "shipment": LOOK_UP,
        "stock": LOOK_UP,
        "changes": LOOK_UP,
    },
    store={
        "ask": Promise(RetryClass.KEYED, deadline=DAY, undo="cancel"),
        "cancel": Promise(RetryClass.KEYED, deadline=DAY),
        "find": LOOK_UP,
        "task": LOOK_UP,
    },
    carrier={
        "label": Promise(RetryClass.KEYED, deadline=DAY, undo="void"),
        "void": Promise(RetryClass.KEYED, deadline=DAY),
        "find": LOOK_UP,
        "track": LOOK_UP,
    },
    notifications={
        "send": Promise(RetryClass.KEYED, deadline=DAY),
        "find": LOOK_UP,
    },
    supplier={
        "transmit": Promise(RetryClass.KEYED, deadline=DAY, undo="withdraw"),
        "remind": Promise(RetryClass.KEYED, deadline=DAY),
        "withdraw": Promise(RetryClass.KEYED, deadline=DAY),
        "find": LOOK_UP,
    },
)
