"""Logs, traces and metrics; imported by all rooms, imports none of ours."""

__all__: list[str] = []
