"""Slow clients in a process of their own: told where to knock on standard input, tells what became of them as JSON."""

import asyncio
import json
import sys
from pathlib import Path

from tests.proxies import Door, trusting
from tests.slow import allow_files, attack

if __name__ == "__main__":
    plan = json.load(sys.stdin)
    allow_files()
    tls = trusting(Path(plan["folder"])) if plan["folder"] else None
    fates = asyncio.run(attack(Door(plan["name"], plan["port"], tls), plan["numbers"], within=plan["within"]))
    print(json.dumps({"ends": fates.ends, "last": fates.last}))
