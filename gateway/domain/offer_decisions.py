"""Offers: what a customer has to agree to, because it is not what was promised, and how they may answer."""

from typing import Literal

OfferKind = Literal["other_store", "ship_to_home", "later"]
OfferAnswer = Literal["accepted", "declined"]

ACCEPTED_EVENT = "com.omnigate.order.offer_accepted.v1"
DECLINED_EVENT = "com.omnigate.order.offer_declined.v1"
EVENTS = {"accepted": ACCEPTED_EVENT, "declined": DECLINED_EVENT}
