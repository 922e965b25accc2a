"""What the retailer says about sourcing: what reasons are worth, and what carrying costs from where to where."""

from dataclasses import dataclass, field

from gateway.domain.sourcing_terms import Lane, Odds, Weights

ANY = "*"
_AS_IF = 20  # shipments that `late_percent` is worth beside a lane's own history


@dataclass(frozen=True, slots=True)
class LaneRule:
    """From a region to a region, each a country, a part of one (GB-SCT) or `*`."""

    start: str
    end: str
    shipment: int
    piece: int = 0
    days: int = 2
    late_percent: int = 5

    def fits(self, start: str | None, end: str | None) -> bool:
        return _lies_in(start, self.start) and _lies_in(end, self.end)

    def lane(self) -> Lane:
        late = _AS_IF * self.late_percent // 100
        return Lane(self.shipment, self.piece, self.days, Odds(0, 0, before=(late, _AS_IF - late)))


def _lies_in(region: str | None, whole: str) -> bool:
    return whole == ANY or (region is not None and (region == whole or region.startswith(f"{whole}-")))


@dataclass(frozen=True, slots=True)
class PickupTerms:
    """How long stores and customers have."""

    accept_minutes: int = 60  # for a store to accept; then another one is asked
    ready_minutes: int = 240  # from then until it is ready
    keep_days: int = 7  # for the customer to fetch it
    remind_days: int = 2  # after which they are reminded; 0: never
    remind_again_days: int = 5
    consent_minutes: int = 240  # for the customer to agree to something else


@dataclass(frozen=True, slots=True)
class MoneyTerms:
    """When money whose hold would end before the goods leave is held anew."""

    renew_before_minutes: int = 1440  # before the hold ends, but not before half of it is over
    renew_again_minutes: int = 240  # after a try that was declined
    renew_tries: int = 3  # then a person decides

    def intervals(self) -> dict[str, int]:
        """Seconds."""
        return {"before": self.renew_before_minutes * 60, "again": self.renew_again_minutes * 60}


@dataclass(frozen=True, slots=True)
class SourcingPolicy:
    """The first lane that fits counts; the usual one goes everywhere."""

    weights: Weights = field(default_factory=Weights)
    lanes: tuple[LaneRule, ...] = (LaneRule(ANY, ANY, 450, 30),)
    pickup: PickupTerms = field(default_factory=PickupTerms)
    money: MoneyTerms = field(default_factory=MoneyTerms)

    def lane(self, start: str | None, end: str | None) -> Lane | None:
        return next((rule.lane() for rule in self.lanes if rule.fits(start, end)), None)
