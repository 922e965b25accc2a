"""
What an answer of Tryton's means. The only place where its answers become one of our three errors.

    200 with a result                    yes
    200 with a UserError                 `Rejected`: a rule of the trade, or the record is in another state by now
    200 with a UserWarning               `Rejected`, unless the mapping says that this warning is skipped
    200 with a ConcurrencyException      `Failed`: somebody else wrote first; not applied
    200 with another error               `Failed` for a question; else `Unknown`, as it may come of what follows a call
    401                                  the session is over: a new one, once; then `Failed`
    400, 403, 404, 422, 429              `Failed`: our call, right, address or pace
    503 that speaks of locks             `Failed`: rolled back after Tryton's own five attempts
    anything else                        `Unknown`

A large answer is labelled gzip whether it is or not, so the bytes are looked at, not the label.
"""

import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from adapters.outbound import MEBIBYTE, Answer, Call, Outbound
from adapters.tryton.session import Door, Session
from adapters.tryton.values import from_tryton, to_tryton
from gateway.errors import BackEndError, Failed, Rejected, Unknown
from gateway.ports import Manifest

Json = dict[str, Any]

NOT_TAKEN = frozenset({400, 403, 404, 422, 429})
ROLLED_BACK = (b"could not obtain lock", b"could not serialize", b"deadlock detected", b"database is locked")
BUSY = frozenset({503})  # said of a transaction that lost, by a Tryton that is well
GZIP = b"\x1f\x8b"
LARGEST = 8 * MEBIBYTE
LONGEST_REASON = 200
MOST_WARNINGS = 5  # skipped in one call


class Expired(Exception):
    """The session is over."""


class Warned(Exception):
    """Tryton wants somebody's word before it goes on."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    @property
    def kind(self) -> str:
        """`credit_limit_amount`, without the hash of the records it is about."""
        return self.name.partition(".")[2] or self.name


class Conversation:
    """Tryton, spoken to by its JSON-RPC under the promises of its manifest."""

    def __init__(
        self, outbound: Outbound, *, database: str, door: Door, manifest: Manifest, skips: frozenset[str]
    ) -> None:
        self.manifest = manifest
        self.system = outbound.system
        self._outbound = outbound
        self._path = f"/{database}/rpc/"
        self._door = door
        self._skips = skips

    async def effect(self, operation: str, method: str, *params: Any, **context: Any) -> Any:
        """Have something done. A warning that the mapping lets pass is skipped, and the call made again."""
        for _ in range(MOST_WARNINGS):
            try:
                return await self._in_session(operation, method, params, context, asks=False)
            except Warned as warning:
                if warning.kind not in self._skips:
                    raise self._refused(operation, f"warning: {warning.kind}", code="warning") from warning
                await self._in_session(operation, "model.res.user.warning.skip", (warning.name,), {}, asks=False)
        raise Failed(f"{self.system} keeps warning", system=self.system, operation=operation)

    async def ask(self, operation: str, method: str, *params: Any, **context: Any) -> Any:
        """Ask what is so."""
        try:
            return await self._in_session(operation, method, params, context, asks=True)
        except Warned as warning:
            raise self.unreadable("a question is answered by a warning") from warning

    async def read(self, operation: str, model: str, record: int, fields: list[str]) -> Json | None:
        """None when there is no such record."""
        found = await self.listed(operation, model, [["id", "=", record]], fields)
        return found[0] if found else None

    async def listed(
        self, operation: str, model: str, domain: list[Any], fields: list[str], *, most: int = 100, **context: Any
    ) -> list[Json]:
        asked = (domain, 0, most, [["id", "ASC"]], fields)
        listed = await self.ask(operation, f"model.{model}.search_read", *asked, **context)
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self.unreadable("it is no list of records")
        return listed

    def unreadable(self, why: str) -> Unknown:
        return Unknown(f"{self.system} gave an answer that was not promised", system=self.system, why=why)

    def number(self, identifier: str) -> int:
        """One of Tryton's ids. What cannot be one is not sent."""
        if not (identifier.isascii() and identifier.isdigit() and len(identifier) <= 18):
            raise Failed(f"{self.system} can have no such identifier", system=self.system)
        return int(identifier)

    async def _in_session(
        self, operation: str, method: str, params: tuple[Any, ...], context: Mapping[str, Any], *, asks: bool
    ) -> Any:
        session = await self._door.session()
        for last in (False, True):
            try:
                body = [*params, {**session.context, **context}]
                return await self._sent(operation, method, body, session, asks=asks)
            except Expired as over:
                if last:
                    raise Failed(f"{self.system} takes no session", system=self.system) from over
                session = await self._door.renewed(session)
        raise AssertionError("the second attempt returns or raises")

    async def _sent(self, operation: str, method: str, params: list[Any], session: Session, *, asks: bool) -> Any:
        call = Call(
            method="POST",
            path=self._path,
            promise=self.manifest["find" if asks and operation not in self.manifest else operation],
            body=envelope(method, params),
            most=LARGEST,
            asks=asks,
            busy=BUSY,
            headers={"accept-encoding": "gzip", "authorization": session.header},
        )
        return self._judge(operation, await self._outbound.send(call), asks=asks)

    def _judge(self, operation: str, answer: Answer, *, asks: bool) -> Any:
        facts: Json = {"system": self.system, "operation": operation, "backend_status": answer.status}
        if answer.status == 200:
            return self._opened(operation, opened(answer, self.system), asks=asks)
        if answer.status == 401:
            raise Expired
        if answer.status in NOT_TAKEN:
            raise Failed(f"{self.system} did not take the call", **facts)
        if answer.status == 503 and any(words in answer.content for words in ROLLED_BACK):
            raise Failed(f"{self.system} was in its own way", **facts)
        raise Unknown(f"{self.system} is unwell", **facts)

    def _opened(self, operation: str, read: Json, *, asks: bool) -> Any:
        if "error" not in read:
            try:
                return from_tryton(read["result"])
            except ValueError as error:
                raise self.unreadable(str(error)) from error
        kind, said = _complaint(read["error"])
        if kind == "UserError":
            raise self._refused(operation, said, code="refused")
        if kind == "UserWarning":
            raise Warned(said)
        wrong: type[BackEndError] = Failed if asks or kind == "ConcurrencyException" else Unknown
        raise wrong(f"{self.system} failed", system=self.system, operation=operation, said=kind[:LONGEST_REASON])

    def _refused(self, operation: str, said: str, *, code: str) -> Rejected:
        said = said[:LONGEST_REASON]
        return Rejected(f"{self.system} said no: {said}", system=self.system, operation=operation, code=code, said=said)


def envelope(method: str, params: list[Any]) -> bytes:
    """Exactly these three: with a fourth, Tryton answers in another manner."""
    return orjson.dumps({"id": 1, "method": method, "params": to_tryton(params)})


def opened(answer: Answer, system: str) -> Json:
    content = answer.content
    try:
        if content.startswith(GZIP):
            content = zlib.decompressobj(31).decompress(content, LARGEST)
        read = orjson.loads(content)
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise Unknown(f"{system} gave an answer that was not promised", system=system, why="it is no JSON") from error
    if not isinstance(read, dict) or not read.keys() & {"result", "error"}:
        raise Unknown(f"{system} gave an answer that was not promised", system=system, why="it is no envelope")
    return read


def _complaint(error: object) -> tuple[str, str]:
    """The kind of an error, and what it says: `["UserError", ["message", "description", null]]`."""
    if not isinstance(error, list) or not error or not isinstance(error[0], str):
        return "", ""
    said = error[1] if len(error) > 1 else ""
    first = said[0] if isinstance(said, list) and said else said
    return error[0], first if isinstance(first, str) else ""
