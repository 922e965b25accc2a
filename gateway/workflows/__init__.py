"""What takes more than one system and more than a moment: sagas, their runner, and what operators may choose."""

__all__: list[str] = []
