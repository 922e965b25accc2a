"""Orders at a steady pace, while something else goes wrong."""

import asyncio

from tests.proof.client import Channel, order


class Load:
    """Buyers who place one order after the other, until they are told to go home."""

    def __init__(self, channel: Channel, *, buyers: int, pace: float) -> None:
        self.channel, self.buyers, self.pace = channel, buyers, pace
        self._home = asyncio.Event()
        self._buyers = [asyncio.create_task(self._buy(number)) for number in range(buyers)]

    async def _buy(self, number: int) -> None:
        while not self._home.is_set():
            await self.channel.place(order(number=number))
            await self._for(self.pace)
            number += self.buyers

    async def _for(self, seconds: float) -> None:
        await asyncio.wait([asyncio.create_task(self._home.wait())], timeout=seconds)

    async def goes_on(self, seconds: float) -> None:
        """Time passes, unless a buyer has met what no buyer should meet."""
        failed, _ = await asyncio.wait(self._buyers, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for buyer in failed:
            buyer.result()

    async def ends(self) -> None:
        self._home.set()
        await asyncio.gather(*self._buyers)
