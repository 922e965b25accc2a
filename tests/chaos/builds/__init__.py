"""Builds of Omnigate that differ from this one by a patch on a copy: wrong about an order, or a deploy's next."""

from pathlib import Path

from tests.chaos.weaken import patched

BUILDS = Path(__file__).parent


def build(name: str, home: Path) -> Path:
    """The sources of that build, under *home*."""
    return patched(BUILDS / f"{name}.patch", home / name)
