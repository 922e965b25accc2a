"""What a back end did for us, and how each of them is asked after it: what every port is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.promises import Manifest

ACTION_NEEDED = "action_needed"  # the state among an effect's facts


@dataclass(frozen=True, slots=True)
class Effect:
    """Something a back end did for us: its id there, the key it was done under, facts that are nobody's secret."""

    id: str
    key: str
    kind: str
    facts: Mapping[str, str] = field(default_factory=dict)
    action: str | None = field(default=None, compare=False)  # where a customer has to go; opens doors: not journalled

    @property
    def pending(self) -> bool:
        """Is it not done before somebody has acted?"""
        return self.facts.get("state") == ACTION_NEEDED


class BackEnd(Protocol):
    """What every back end can be asked."""

    manifest: Manifest

    async def find(self, operation: str, *, key: str, subject: str | None = None) -> list[Effect]:
        """Every effect of *operation* done under *key*; several are duplicates. The evidence that settles `Unknown`.

        *subject* is the id of the effect that an undo or follow-up was about, for back ends that know states, not keys.
        """
