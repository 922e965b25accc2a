"""`RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers-10 writes them."""

import math
from collections.abc import Sequence

from gateway.edge.gcra import per_unit
from gateway.ports import Draw, Level


def headers(draw: Draw) -> dict[str, str]:
    """What the caller may know: all budgets after a grant, after a refusal those that are spent, uncounted nothing."""
    if not draw.levels:
        return {}
    levels = draw.levels if draw.granted else spent(draw)
    return {
        "ratelimit-policy": ", ".join(
            f'"{level.bucket.name}";q={level.bucket.quota};w={math.ceil(level.bucket.window)}' for level in draw.levels
        ),
        "ratelimit": ", ".join(f'"{level.bucket.name}";r={level.remaining}{_until_more(level)}' for level in levels),
    }


def spent(draw: Draw) -> Sequence[Level]:
    return [level for level in draw.levels if level.remaining == 0]


def _until_more(level: Level) -> str:
    """`t`: seconds until one unit more is there than now."""
    unit = per_unit(level.bucket)
    taken = math.ceil(round(level.resets_in / unit, 6))
    if taken == 0:
        return ""
    return f";t={max(1, math.ceil(round(level.resets_in - (taken - 1) * unit, 6)))}"
