"""What a warehouse does that does not call us: shipments that left, changes of its stock; asked for, in its order."""

from urllib.parse import quote

from adapters.outbound import MEBIBYTE
from adapters.reading import Json
from adapters.rest.dialect import Conversation
from gateway.told import Page, StockMove, Told

AT_ONCE = "500"
LARGEST_PAGE = 4 * MEBIBYTE
LONGEST_CURSOR = 200
KINDS = {"shipment.shipped": "shipped"}
BUCKETS = frozenset({"on_hand", "damaged", "quality_control", "hold", "display"})
LONGEST = {"id": 255, "sku": 200, "reason": 40, "reference": 255}  # texts of a change of stock
LARGEST = 2**31 - 1


class RestChanges:
    """`gateway.told.Changes` over the REST dialect: what left."""

    def __init__(self, conversation: Conversation) -> None:
        self._wms = conversation

    async def since(self, cursor: str | None) -> Page:
        changes, last, more = await _read(self._wms, "/changes", cursor)
        told = [self._told(each) for each in changes]
        return Page([each for each in told if each is not None], last, more)

    def _told(self, change: Json) -> Told | None:
        """None: of a kind that does not matter to us."""
        kind = KINDS.get(self._wms.text(change, "type"))
        return self._shipped(change, kind) if kind else None

    def _shipped(self, change: Json, kind: str) -> Told:
        names = ("shipment_id", "reference", "order_id", "shipped_at")
        data = {name: self._wms.text(change, name) for name in names}
        run_id = data["reference"].partition(":")[0]  # what we asked for names who asked
        return Told(f"{kind}:{data['shipment_id']}", run_id, kind, data)


class RestStockChanges:
    """`gateway.told.Changes` over the REST dialect: how stock changed."""

    def __init__(self, conversation: Conversation) -> None:
        self._wms = conversation

    async def since(self, cursor: str | None) -> Page:
        changes, last, more = await _read(self._wms, "/stock/changes", cursor)
        return Page([], last, more, [self._move(each) for each in changes])

    def _move(self, change: Json) -> StockMove:
        bucket = change.get("bucket", "on_hand")
        if bucket not in BUCKETS:
            raise self._wms.unreadable("'bucket' is none that is known")
        return StockMove(
            id=self._text(change, "id"),
            sku=self._text(change, "sku"),
            node=self._wms.node(change),
            delta=self._number(change, "delta", least=-LARGEST),
            bucket=bucket,
            reason=self._text(change, "reason"),
            reference=None if change.get("reference") is None else self._text(change, "reference"),
            sequence=None if change.get("sequence") is None else self._number(change, "sequence", least=1),
            occurred_at=self._wms.moment(change, "occurred_at"),
        )

    def _text(self, change: Json, name: str) -> str:
        text = self._wms.text(change, name)
        if not 0 < len(text) <= LONGEST[name] or "\0" in text:
            raise self._wms.unreadable(f"'{name}' is not what was promised")
        return text

    def _number(self, change: Json, name: str, *, least: int) -> int:
        value = change.get(name)
        if type(value) is not int or value == 0 or not least <= value <= LARGEST:
            raise self._wms.unreadable(f"'{name}' is not what was promised")
        return value


async def _read(wms: Conversation, path: str, cursor: str | None) -> tuple[list[Json], str, bool]:
    """A page of changes, and where the next one begins."""
    query = {"limit": AT_ONCE} if cursor is None else {"limit": AT_ONCE, "after": cursor}
    page = await wms.look_up("changes", path, query=query, most=LARGEST_PAGE) or {}
    changes, last, more = page.get("changes"), wms.text(page, "last"), page.get("more")
    if not isinstance(changes, list) or len(changes) > int(AT_ONCE) or not isinstance(more, bool):
        raise wms.unreadable("'changes' and 'more' are not what was promised")
    if not all(isinstance(each, dict) for each in changes):
        raise wms.unreadable("a change is no object")
    if len(quote(last)) > LONGEST_CURSOR or (more and last == cursor):  # it would go on for ever
        raise wms.unreadable("'last' leads nowhere")
    return changes, last, more
