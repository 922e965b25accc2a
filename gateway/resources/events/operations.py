"""What the operation of Events v1 takes and answers, for the app's own schema."""

from typing import Annotated

from pydantic import Field

from gateway.resources.described import PAGING, described, parameter
from gateway.resources.events.schemas import EventPage

LIST_EVENTS = described(
    "list_events",
    answer=(200, EventPage),
    problems=(410,),
    parameters=(
        parameter("query", "after", Annotated[str, Field(min_length=1, max_length=1024)]),
        PAGING[0],
        parameter("header", "Prefer", str),
    ),
)
