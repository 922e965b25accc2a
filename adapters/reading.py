"""How JSON of a back end is read: what does not hold what was promised is no answer, and leaves us not knowing."""

import re
from typing import Any, ClassVar

import orjson

from adapters.outbound import Answer
from gateway.errors import Failed, Unknown

Json = dict[str, Any]


class Reading:
    """What every conversation does with answers; how statuses become errors is each one's own."""

    identifiers: ClassVar[re.Pattern[str]]  # what ids look like there
    system: str

    def unreadable(self, why: str) -> Unknown:
        return Unknown(f"{self.system} gave an answer that was not promised", system=self.system, why=why)

    def text(self, answer: Json, name: str, *, expected: str | None = None) -> str:
        """A text of the answer; the one *expected*, where there is only one it can be."""
        value = answer.get(name)
        if not isinstance(value, str) or (expected is not None and value != expected):
            raise self.unreadable(f"'{name}' is not what was promised")
        return value

    def identifier(self, answer: Json) -> str:
        value = answer.get("id")
        if not isinstance(value, str) or not self.identifiers.fullmatch(value):
            raise self.unreadable("'id' is no identifier")
        return value

    def segment(self, identifier: str) -> str:
        """An identifier as part of a path or a form. What cannot be one is not sent."""
        if not self.identifiers.fullmatch(identifier):
            raise Failed(f"{self.system} can have no such identifier", system=self.system)
        return identifier

    def _read(self, answer: Answer) -> Json:
        try:
            read = orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise self.unreadable("it is no JSON") from error
        if not isinstance(read, dict):
            raise self.unreadable("it is no JSON object")
        return read
