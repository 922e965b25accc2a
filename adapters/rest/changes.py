"""What left a warehouse that does not call back: asked for, in the order in which it left."""

from urllib.parse import quote

from adapters.outbound import MEBIBYTE
from adapters.reading import Json
from adapters.rest.dialect import Conversation
from gateway.told import Page, Told

AT_ONCE = "500"
LARGEST_PAGE = 4 * MEBIBYTE
LONGEST_CURSOR = 200
KINDS = {"shipment.shipped": "shipped"}


class RestChanges:
    """`gateway.ports.Changes` over the REST dialect."""

    def __init__(self, conversation: Conversation) -> None:
        self._wms = conversation

    async def since(self, cursor: str | None) -> Page:
        query = {"limit": AT_ONCE} if cursor is None else {"limit": AT_ONCE, "after": cursor}
        page = await self._wms.look_up("changes", "/changes", query=query, most=LARGEST_PAGE) or {}
        changes, last, more = page.get("changes"), self._wms.text(page, "last"), page.get("more")
        if not isinstance(changes, list) or len(changes) > int(AT_ONCE) or not isinstance(more, bool):
            raise self._wms.unreadable("'changes' and 'more' are not what was promised")
        if len(quote(last)) > LONGEST_CURSOR or (more and last == cursor):  # it would go on for ever
            raise self._wms.unreadable("'last' leads nowhere")
        told = [self._told(each) for each in changes]
        return Page([each for each in told if each is not None], last, more)

    def _told(self, change: object) -> Told | None:
        """None: of a kind that does not matter to us."""
        if not isinstance(change, dict):
            raise self._wms.unreadable("a change is no object")
        kind = KINDS.get(self._wms.text(change, "type"))
        return self._shipped(change, kind) if kind else None

    def _shipped(self, change: Json, kind: str) -> Told:
        names = ("shipment_id", "reference", "order_id", "shipped_at")
        data = {name: self._wms.text(change, name) for name in names}
        return Told(f"{kind}:{data['shipment_id']}", data["order_id"], kind, data)
