"""Goods of one order that come back: asked for, received and looked at, in one lot or two, some of them in vain."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from httpx2 import HTTPError, Response

from tests.chaos.checker.evidence import Count, ReturnedLine
from tests.chaos.diary import Diary, Remembered
from tests.chaos.reading import told
from tests.chaos.room import PATIENT
from tests.proof.client import END_STATES, Acked, Channel, Json
from tests.proof.processes import until

NODE = "main"
REASONS = ("changed_mind", "wrong_size", "other", "defective")  # the last is not the customer's fault
GOOD = 0.75  # of pieces that come
KEPT = ("LAMP-7", "CHAIR-4")  # there: it can be sold from there again, for its warehouse has enough of it
SLOW = 120.0  # seconds after which nobody waits for a return; what becomes of it is judged in the end
GIVEN_UP = 0.1  # of returns, before anything comes
Fee = Callable[[str, str], tuple[int, int | None]]  # of an SKU, for a reason: per cent, and at most


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who may ask for returns and count goods: a name, and a channel to every edge."""

    name: str
    channels: Sequence[Channel]

    async def says(self, path: str, body: Json | None, key: str, *, match: str = "") -> Response:
        """Until there is an answer for good."""
        answers: list[Response] = []

        async def answered() -> bool:
            channel = self.channels[random.randrange(len(self.channels))]
            with suppress(HTTPError):
                answer = await channel.post(body, key, to=path, match=match)
                if answer.is_success or not answer.json()["retryable"]:
                    answers.append(answer)
            return bool(answers)

        await until(answered, what=f"{path} is answered for good", within=PATIENT, pause=0.2)
        return answers[0]


@dataclass(slots=True)
class Sender:
    """Of one order. What happens is decided by *dice*; *fee*: what its policy takes."""

    diary: Diary
    acked: Acked
    askers: Sequence[Asker]
    dice: random.Random
    fee: Fee
    _away: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # by line, pieces that are back

    async def sends_back(self, channel: Channel) -> None:
        """Once the goods have come; then once or twice some of them."""

        async def have_come() -> bool:
            return (await told(channel, f"/v1/orders/{self.acked.order_id}"))["status"] in END_STATES

        await until(have_come, what=f"{self.acked.order_id} has ended", within=PATIENT, pause=0.3)
        async with asyncio.TaskGroup() as group:  # of several, all go on at once; they are asked for in turn
            for _ in range(self.dice.choice((1, 1, 2))):
                if wanted := self._wanted():
                    asker = self.dice.choice(self.askers)
                    return_id = await self._asked(asker, wanted)
                    if self.dice.random() < GIVEN_UP:
                        await self._given_up(return_id, asker)
                    else:
                        group.create_task(self._comes(channel, return_id, wanted))

    async def _comes(self, channel: Channel, return_id: str, wanted: dict[str, int]) -> None:
        for lot in self._lots(wanted):
            await self._counted(return_id, lot)

        deadline = time.monotonic() + SLOW
        while (await told(channel, f"/v1/returns/{return_id}"))["status"] != "closed" and time.monotonic() < deadline:
            await asyncio.sleep(0.3)

    def _wanted(self) -> dict[str, int]:
        """Of some of its lines, some of the pieces that are still with the customer."""
        lines = {line["line_id"]: line["quantity"] - len(self._away[line["line_id"]]) for line in self._lines}
        here = [line for line, pieces in lines.items() if pieces]
        chosen = self.dice.sample(here, self.dice.randint(min(1, len(here)), len(here)))
        return {line: self.dice.randint(1, lines[line]) for line in sorted(chosen)}

    @property
    def _lines(self) -> list[Json]:
        lines: list[Json] = self.acked.body["lines"]
        return lines

    def _line(self, line: str) -> Json:
        return next(each for each in self._lines if each["line_id"] == line)

    def _sku(self, line: str) -> str:
        return str(self._line(line)["sku"])

    async def _asked(self, asker: Asker, wanted: dict[str, int]) -> str:
        reasons = {line: self.dice.choice(REASONS) for line in wanted}
        lines = [{"line_id": line, "quantity": many, "reason": reasons[line]} for line, many in wanted.items()]
        body = {"order_id": self.acked.order_id, "channel_return_id": self._name(), "lines": lines}
        answer = await asker.says("/v1/returns", body, self._name())
        assert answer.status_code == 201, answer.text
        return_id = str(answer.json()["return_id"])
        if self.dice.random() < 0.2:  # the same wish once more, as another request
            again = await asker.says("/v1/returns", body, self._name())
            assert again.json()["return_id"] == return_id, again.text
        returned = tuple(self._returned(line, many, reasons[line]) for line, many in wanted.items())
        self.diary.known[return_id] = Remembered(asker.name, returned)
        return return_id

    def _returned(self, line: str, many: int, reason: str) -> ReturnedLine:
        """The first ones that are still with the customer, counted from 0."""
        ordered = self._line(line)
        units = tuple([unit for unit in range(ordered["quantity"]) if unit not in self._away[line]][:many])
        self._away[line] |= {*units}
        percent, most = self.fee(ordered["sku"], reason)
        return ReturnedLine(line=line, units=units, percent=percent, most=most)

    async def _given_up(self, return_id: str, asker: Asker) -> None:
        answer = await asker.says(f"/v1/returns/{return_id}/cancel", {}, self._name())
        assert answer.is_success, answer.text
        for line in self.diary.known[return_id].returned:
            self._away[line.line] -= {*line.units}

    def _lots(self, wanted: dict[str, int]) -> list[dict[str, tuple[int, int]]]:
        """In one parcel or two: by line how many are good, and how many are not."""
        lots: list[dict[str, Counter[bool]]] = [defaultdict(Counter) for _ in range(self.dice.choice((1, 2, 2)))]
        for line, pieces in wanted.items():
            for _ in range(pieces):
                self.dice.choice(lots)[line][self.dice.random() < GOOD] += 1
        return [{line: (found[True], found[False]) for line, found in lot.items()} for lot in lots if lot]

    async def _counted(self, return_id: str, lot: dict[str, tuple[int, int]]) -> None:
        at, asker = f"/v1/returns/{return_id}", self.dice.choice(self.askers)
        came = [{"line_id": line, "received": sum(found), "condition": "used"} for line, found in lot.items()]
        await self._told(asker, f"{at}/receipts", {"receipt_id": self._name(), "node_id": NODE, "lines": came})
        await asyncio.sleep(self.dice.choice((0.0, 0.0, 0.5)))
        again = {line: self._sku(line) in KEPT and self.dice.random() < 0.5 for line in lot}
        looked = [
            {"line_id": line, "quantity": many, "outcome": outcome, "disposition": kept}
            for line, found in lot.items()
            for outcome, many, kept in (
                ("accepted", found[0], "restock" if again[line] else "scrap"),
                ("rejected", found[1], "quarantine"),
            )
            if many
        ]
        now = time.time()
        self.diary.known[return_id].counts += [
            Count(at=now, line=line, accepted=good, rejected=bad, restocked=good * again[line], node=NODE)
            for line, (good, bad) in lot.items()
        ]
        await self._told(asker, f"{at}/inspections", {"inspection_id": self._name(), "node_id": NODE, "lines": looked})
        await asyncio.sleep(self.dice.choice((0.0, 0.0, 1.0)))

    async def _told(self, asker: Asker, path: str, body: Json) -> None:
        """By one who may forget having said it."""
        for _ in range(self.dice.choice((1, 1, 1, 2))):
            answer = await asker.says(path, body, self._name())
            assert answer.is_success, answer.text

    def _name(self) -> str:
        return uuid4().hex
