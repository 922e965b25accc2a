"""Results on the page: a block a part, so that measuring one part again leaves the others as they were."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

BEGIN, END = "<!-- results: written by `make bench ARGS=--record` -->", "<!-- end of results -->"
_PART = re.compile(r"<!-- part (\w+) -->\n")


def record(page: Path, found: Mapping[str, str], *, order: Sequence[str]) -> None:
    """Each part of *found* takes the place of its block; blocks stand in *order*."""
    before, _, rest = page.read_text().partition(BEGIN)
    written, _, after = rest.partition(END)
    _, *pieces = _PART.split(written)  # name, text, name, text, …
    blocks = {name: text.strip() for name, text in zip(pieces[::2], pieces[1::2], strict=True)} | dict(found)
    text = "\n\n".join(f"<!-- part {name} -->\n{blocks[name]}" for name in order if name in blocks)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
