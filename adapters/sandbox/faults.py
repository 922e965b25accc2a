"""What can be made to go wrong, where, and when: rules and single calls, decided alike under the same seed."""

import random
from dataclasses import dataclass

from adapters.sandbox.answers import Call, CallbackFault, Json, Refusal
from adapters.sandbox.operations import Operation

LONGEST_DELAY = 0.8  # what is delayed lands within a caller's settle delay of one second, or never
CALLBACK_KINDS = ("duplicate_callback", "late_callback", "early_callback", "lost_callback")
READ_KINDS = ("delay", "hang_before", "error_before", "garbage")
WRITE_KINDS = (*READ_KINDS, "hang_after", "error_after", "reset_after")
KINDS = (*WRITE_KINDS, "refuse", "decline", *CALLBACK_KINDS)
DELAYED = {"delay": LONGEST_DELAY, "hang_after": LONGEST_DELAY, "late_callback": 60.0}
CALLBACK_DELAY = 3.0
CALLING: dict[str, tuple[str, ...]] = dict.fromkeys(CALLBACK_KINDS, ("wms.create_shipment", "store.create_task"))
CALLING["early_callback"] = ("wms.create_shipment",)  # it leaves at once; a store has to answer first
REFUSABLE = (
    "psp.authorise, erp.create_sales_order, erp.create_purchase_order, wms.create_shipment, store.create_task,"
    " carrier.create_label and supplier.take_message"
)
TIMINGS = ("probability", "every", "next")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing going wrong with one call."""

    kind: str
    delay: float
    copies: int = 1

    @property
    def callback(self) -> CallbackFault | None:
        if self.kind not in CALLBACK_KINDS:
            return None
        return CallbackFault(kind=self.kind, delay=self.delay, copies=self.copies)


@dataclass(slots=True, kw_only=True)
class Rule:
    """When a kind of fault strikes which operations. Counts what it met and what it struck."""

    written: Json
    kind: str
    operations: frozenset[tuple[str, str]]
    timing: str
    measure: float
    delay: float | None
    dice: random.Random
    met: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        self.met += 1
        match self.timing:
            case "probability":
                struck = self.dice.random() < self.measure
            case "every":
                struck = self.met % int(self.measure) == 0
            case _:
                struck = self.struck < self.measure
        self.struck += struck
        return struck


class Faults:
    """The rules in force. The first that strikes a call decides."""

    def __init__(self, operations: tuple[Operation, ...], *, seed: int) -> None:
        self._operations = {(each.system, each.name): each for each in operations}
        self.seed = seed
        self._dice = _dice(str(seed))
        self._rules: list[Rule] = []

    def replace(self, written: Json) -> None:
        """Put other rules in force, all or none. Raises `Refusal` when one of them is not possible."""
        if unknown := written.keys() - {"seed", "rules"}:
            raise _wrong(f"unknown key '{min(unknown)}'; known: seed, rules")
        seed, rules = written.get("seed", self.seed), written.get("rules")
        if not isinstance(seed, int) or not isinstance(rules, list):
            raise _wrong("'seed' must be an integer and 'rules' a list")
        made = [self._rule(rule, f"rules[{place}]", f"{seed}/{place}") for place, rule in enumerate(rules)]
        self.seed, self._rules, self._dice = seed, made, _dice(str(seed))

    def _rule(self, written: object, where: str, seed: str) -> Rule:
        if not isinstance(written, dict):
            raise _wrong(f"{where} must be an object")
        if unknown := written.keys() - {"system", "operation", "kind", "delay", *TIMINGS}:
            raise _wrong(f"{where}: unknown key '{min(unknown)}'")
        kind = _kind(written.get("kind"), where)
        timing, measure = _timing(written, where)
        return Rule(
            written=written,
            kind=kind,
            operations=self._struck_by(kind, str(written.get("system")), str(written.get("operation")), where),
            timing=timing,
            measure=measure,
            delay=_delay(kind, written.get("delay"), where),
            dice=_dice(seed),
        )

    def _struck_by(self, kind: str, system: str, operation: str, where: str) -> frozenset[tuple[str, str]]:
        meant = [each for each in self._operations.values() if system in (each.system, "*") and _named(each, operation)]
        if not meant:
            known = ", ".join(f"{system}.{name}" for system, name in self._operations)
            raise _wrong(f"{where}: there is no operation '{system}.{operation}'; known: {known}, and * and *reads")
        possible = frozenset((each.system, each.name) for each in meant if is_possible(kind, each))
        if not possible or (len(possible) < len(meant) and not operation.startswith("*")):
            raise _wrong(f"{where}: '{kind}' is not possible at {system}.{operation}; {_where_possible(kind)}")
        return possible

    def choose(self, call: Call, wanted: str | None, *, replays: bool) -> Fault | None:
        """The fault that strikes this call: the one it asks for, else by rule. A replay is never refused."""
        if wanted is not None:
            kind, delay = _read_header(wanted)
            if not is_possible(kind, self._operations[call.system, call.operation]):
                raise Refusal(400, "fault_not_possible", f"'{kind}' is not possible here; {_where_possible(kind)}")
            return None if replays and kind in ("refuse", "decline") else self._fault(kind, delay, self._dice)
        for rule in self._rules:
            if (call.system, call.operation) not in rule.operations or (replays and rule.kind in ("refuse", "decline")):
                continue
            if rule.strikes():
                return self._fault(rule.kind, rule.delay, rule.dice)
        return None

    def _fault(self, kind: str, delay: float | None, dice: random.Random) -> Fault:
        if kind in ("delay", "hang_after"):
            return Fault(kind, dice.uniform(0.05, LONGEST_DELAY) if delay is None else delay)
        if kind == "late_callback":
            return Fault(kind, CALLBACK_DELAY if delay is None else delay)
        return Fault(kind, 0.0, copies=dice.choice((2, 3)) if kind == "duplicate_callback" else 1)

    def shown(self) -> Json:
        rules = [{**rule.written, "met": rule.met, "struck": rule.struck} for rule in self._rules]
        return {"seed": self.seed, "rules": rules}


def is_possible(kind: str, operation: Operation) -> bool:
    if operation.reads:
        return kind in READ_KINDS
    if kind == "refuse":
        return operation.forward
    if kind == "decline":
        return operation.name == "authorise"
    return f"{operation.system}.{operation.name}" in CALLING[kind] if kind in CALLBACK_KINDS else kind in WRITE_KINDS


def _where_possible(kind: str) -> str:
    if kind == "refuse":
        return f"only at {REFUSABLE}"
    if kind == "decline":
        return "only at psp.authorise"
    return f"only at {' and '.join(CALLING[kind])}" if kind in CALLBACK_KINDS else "only at operations that write"


def _named(operation: Operation, wanted: str) -> bool:
    if wanted == "*":
        return not operation.reads
    return operation.reads if wanted == "*reads" else operation.name == wanted


def _kind(written: object, where: str) -> str:
    if not isinstance(written, str) or written not in KINDS:
        raise _wrong(f"{where}: there is no kind '{written}'; known: {', '.join(KINDS)}")
    return written


def _timing(written: Json, where: str) -> tuple[str, float]:
    given = [name for name in TIMINGS if name in written]
    if len(given) != 1:
        raise _wrong(f"{where}: exactly one of probability, every and next must be given")
    name, value = given[0], written[given[0]]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(f"{where}: '{name}' must be a number")
    if name == "probability" and not 0 <= value <= 1:
        raise _wrong(f"{where}: 'probability' must be from 0 to 1")
    if name != "probability" and not (isinstance(value, int) and value >= 1):
        raise _wrong(f"{where}: '{name}' must be a whole number of at least 1")
    return name, value


def _delay(kind: str, written: object, where: str) -> float | None:
    if written is None:
        return None
    if kind not in DELAYED:
        raise _wrong(f"{where}: '{kind}' takes no 'delay'; only {', '.join(DELAYED)} do")
    if isinstance(written, bool) or not isinstance(written, int | float) or not 0 <= written <= DELAYED[kind]:
        raise _wrong(f"{where}: the delay of '{kind}' must be from 0 to {DELAYED[kind]} seconds")
    return float(written)


def _read_header(written: str) -> tuple[str, float | None]:
    name, _, rest = written.partition(";")
    try:
        kind = _kind(name.strip(), "Sandbox-Fault")
        delay = float(rest.strip().removeprefix("delay=")) if rest.strip() else None
        return kind, _delay(kind, delay, "Sandbox-Fault")
    except ValueError as error:
        raise Refusal(400, "fault_not_possible", "Sandbox-Fault is written like: delay;delay=0.5") from error
    except Refusal as error:
        raise Refusal(400, "fault_not_possible", error.detail) from error


def _dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311  mishaps are to be repeatable, not secret


def _wrong(detail: str) -> Refusal:
    return Refusal(422, "rule_not_possible", detail)
