"""What the operations of reservations take and answer, for the app's own schema."""

from gateway.resources.described import IDEMPOTENCY_KEY, IF_MATCH, PAGING, described, json_body, parameter
from gateway.resources.inventory.reservation_schemas import (
    ConsumeBody,
    ExtendBody,
    HolderType,
    ReleaseBody,
    Reservation,
    ReservationBody,
    ReservationId,
    ReservationPage,
)
from gateway.resources.shapes import Text64

_ID = parameter("path", "reservation_id", ReservationId, required=True)
_CHANGE = (_ID, IDEMPOTENCY_KEY, IF_MATCH)

RESERVE_STOCK = described(
    "reserve_stock",
    answer=(201, Reservation),
    problems=(409,),
    parameters=(IDEMPOTENCY_KEY,),
    body=json_body(ReservationBody, required=True),
)
LIST_RESERVATIONS = described(
    "list_reservations",
    answer=(200, ReservationPage),
    parameters=(
        *PAGING,
        parameter("query", "holder_type", HolderType),
        parameter("query", "holder_id", Text64),
    ),
)
GET_RESERVATION = described("get_reservation", answer=(200, Reservation), problems=(404,), parameters=(_ID,))
RELEASE_RESERVATION = described(
    "release_reservation",
    answer=(200, Reservation),
    problems=(404, 409, 412),
    parameters=_CHANGE,
    body=json_body(ReleaseBody, required=False),
)
EXTEND_RESERVATION = described(
    "extend_reservation",
    answer=(200, Reservation),
    problems=(404, 409, 412),
    parameters=_CHANGE,
    body=json_body(ExtendBody, required=False),
)
CONSUME_RESERVATION = described(
    "consume_reservation",
    answer=(200, Reservation),
    problems=(404, 409, 412),
    parameters=_CHANGE,
    body=json_body(ConsumeBody, required=False),
)
