"""How hard the laws are tried: no deadline, for a busy machine breaks no law."""

from hypothesis import settings

settings.register_profile("laws", deadline=None, max_examples=60)
settings.load_profile("laws")
