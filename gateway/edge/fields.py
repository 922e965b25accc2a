"""Header fields of a request: found without copying, refused when a second one could be read differently."""

from collections.abc import Mapping

from gateway.refusals import Malformed

Headers = list[tuple[bytes, bytes]]


def single(headers: Headers, name: bytes) -> str | None:
    """The one field of that name, or None. Raises `Malformed` when it is repeated."""
    values = [value for key, value in headers if key == name]
    if not values:
        return None
    if len(values) > 1:
        raise Malformed(f"the header '{name.decode()}' is repeated")
    return values[0].decode("latin-1").strip(" \t")


def combined(headers: Headers, name: bytes) -> str | None:
    """A list-valued field: all its lines as one, or None."""
    values = [value for key, value in headers if key == name]
    return b", ".join(values).decode("latin-1") if values else None


def text(headers: Headers) -> dict[str, str]:
    return {key.decode("latin-1"): value.decode("latin-1") for key, value in headers}


def raw(headers: Mapping[str, str]) -> Headers:
    return [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
