"""
`gateway.ports.Payments` on Stripe's payment intents, captured by hand; and what Stripe tells us by its events.

    conversation.py   forms out, JSON in; what a status and an error object mean: yes, no, not applied, not known
    refusals.py       which of Stripe's errors are a no, and what we call it
    amounts.py        minor units as Stripe counts them
    manifest.py       what each operation promises
    payments.py       the port
    events.py         signatures of events, and what they mean to a run
    connect.py        the port, connected

    async with stripe_payments(url="https://api.stripe.com", key="sk_…") as payments:
        with sending(until):
            await payments.authorise("pm_…", amount, reference=order_id, key=key)
"""

from adapters.stripe.connect import stripe_payments
from adapters.stripe.events import StripeEvents
from adapters.stripe.manifest import MANIFEST

__all__ = ["MANIFEST", "StripeEvents", "stripe_payments"]
