"""When a node works: from when on it can, and when what it is given leaves it, in its own time zone."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AHEAD = 366  # days that are looked at


def opens_at(features: Mapping[str, Any], now: datetime) -> datetime:
    """The first moment from *now* on at which it works; one without a calendar always does."""
    return next((max(now, start) for start, end in _shifts(features, now) if end > now), now)


def leaves_at(features: Mapping[str, Any], now: datetime) -> datetime:
    """When goods leave that are released *now*: at the cut-off of the first day that is worked on which it is not over;
    where there is none, as soon as it works. Cut-offs of single carrier services are not looked at."""
    last = max((each["at"] for each in features.get("cutoffs", ()) if "service" not in each), default=None)
    if last is None:
        return opens_at(features, now)
    cutoffs = (datetime.combine(day, time.fromisoformat(last), _zone(features)) for day in _worked(features, now))
    return next((cutoff for cutoff in cutoffs if cutoff >= now), now)


def _zone(features: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(features.get("timezone", "UTC"))


def _worked(features: Mapping[str, Any], now: datetime) -> Iterator[date]:
    """The days from today on that it works."""
    today, calendar = now.astimezone(_zone(features)).date(), features.get("calendar")
    for day in (today + timedelta(days=ahead) for ahead in range(_AHEAD)):
        if calendar is None or _openings(calendar, day):
            yield day


def _openings(calendar: Mapping[str, Any], day: date) -> list[Mapping[str, Any]]:
    if day.isoformat() in calendar.get("closed_on", ()):
        return []
    return [opening for opening in calendar["openings"] if _DAYS[day.weekday()] in opening["days"]]


def _shifts(features: Mapping[str, Any], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From when until when it works, the earliest first."""
    if (calendar := features.get("calendar")) is None:
        return
    for day in _worked(features, now):
        for opening in sorted(_openings(calendar, day), key=lambda opening: str(opening["from"])):
            start, end = (time.fromisoformat(opening[name]) for name in ("from", "to"))
            yield datetime.combine(day, start, _zone(features)), datetime.combine(day, end, _zone(features))
