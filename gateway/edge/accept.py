"""The `Accept` header, as far as we need it: does it admit a media type, and is one named before another."""


def admits(accept: str, media_type: str) -> bool:
    """The most exact range that covers the type decides (RFC 9110, 12.5.1)."""
    return _quality(accept, media_type) > 0


def prefers(accept: str, media_type: str, *, to: str) -> bool:
    return _quality(accept, media_type) > _quality(accept, to)


def _quality(accept: str, media_type: str) -> float:
    if accept in ("*/*", media_type):
        return 1.0
    ranges = {media_type: 3, f"{media_type.partition('/')[0]}/*": 2, "*/*": 1}
    best = (0, 0.0)
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        if kind in ranges:
            best = max(best, (ranges[kind], _weight(parameters)))
    return best[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
