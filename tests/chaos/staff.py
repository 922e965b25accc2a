"""People of ours who see to money that goes back: they agree to what is above the limit, and pay anew what failed."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid4, uuid5

from httpx2 import HTTPError, Response

from tests.chaos.checker.evidence import Yes
from tests.chaos.diary import Diary
from tests.proof.client import Channel, Json

PAUSE = 0.4  # seconds between two looks at what waits
FAILED_LATE = "refund_failed_late"


@dataclass(slots=True)
class Staff:
    """*people*: by name, each with a channel. Whoever asked for a return tries to agree to it all the same."""

    diary: Diary
    people: dict[str, Channel]
    done: Counter[str] = field(default_factory=Counter)
    _refused: set[tuple[str, str]] = field(default_factory=set)

    async def agrees(self) -> None:
        while True:
            for name, channel in self.people.items():
                for each in await shown(channel, "/v1/approvals", "approvals", status="pending", kind="refund"):
                    if (name, each["approval_id"]) not in self._refused:
                        await self._agrees(name, channel, each)
            await asyncio.sleep(PAUSE)

    async def _agrees(self, name: str, channel: Channel, seen: Json) -> None:
        return_id, _, tranche = seen["subject"].partition(":")
        remembered = self.diary.known.get(return_id)
        if remembered is None:  # whoever asked for it has not heard of it yet
            return
        yes = remembered.yeses.setdefault(int(tranche), Yes(tranche=int(tranche), at=time.time(), by=name))
        if yes.by != name:  # who may have said so already, and heard nothing
            return
        body = {"reason": "the goods are back", "content_hash": seen["content_hash"]}
        path = f"/v1/approvals/{seen['approval_id']}/approve"
        answer = await said(channel, body, str(uuid5(NAMESPACE_URL, f"{path} {name}")), to=path)
        if answer is not None and answer.is_success:
            self.done["agreed to"] += 1
        elif answer is not None and not answer.json()["retryable"]:
            del remembered.yeses[yes.tranche]
            self._refused.add((name, seen["approval_id"]))
            self.done["own money, not agreed to"] += answer.json()["code"] == "self_approval_forbidden"

    async def mends(self, name: str) -> None:
        """What failed late is paid anew."""
        channel = self.people[name]
        while True:
            for seen in await shown(channel, "/v1/exceptions", "exceptions", state="open"):
                if seen["code"] == FAILED_LATE:
                    body = {"action": "retry", "evidence": "the customer has told us another account"}
                    path = f"/v1/exceptions/{seen['exception_id']}/actions"
                    answer = await said(channel, body, uuid4().hex, to=path, version=seen["version"])
                    self.done["paid anew"] += answer is not None and answer.is_success
            await asyncio.sleep(PAUSE)


async def shown(channel: Channel, path: str, name: str, **only: str) -> list[Json]:
    """What an edge says; nothing, if it does not answer."""
    with suppress(HTTPError):
        asked = {"page_size": "200", **only}
        answer = await channel.http.get(path, params=asked, headers=channel.headers())
        if answer.is_success:
            found: list[Json] = answer.json()[name]
            return found
    return []


async def said(channel: Channel, body: Json, key: str, *, to: str, version: int | None = None) -> Response | None:
    headers = channel.headers(key) | ({"if-match": f'"{version}"'} if version is not None else {})
    with suppress(HTTPError):
        return await channel.http.post(to, json=body, headers=headers)
    return None
