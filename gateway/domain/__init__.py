"""The trade's words and laws: pure values, no clock, no network, no database."""

__all__: list[str] = []
