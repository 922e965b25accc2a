"""What a large request took is given back when it is gone; else a process stays as large as its largest moment."""

import ctypes
import gc

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGE = 128 * 1024  # bytes; where glibc begins, before every large buffer that is freed raises it for the next


def give_back_large_buffers() -> None:
    """For the whole process. Where the C library has no such setting, nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)


def keep_what_stands() -> None:
    """What stands now stands until the end: walking it again would halt requests for tens of milliseconds."""
    gc.collect()
    gc.freeze()
