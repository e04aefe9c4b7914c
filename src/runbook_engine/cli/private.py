"""What the engine writes is for its user alone; what a person's own commands write is as that person has it."""

import os
from functools import cache

PRIVATE = 0o077


@cache
def persons_umask() -> int:
    """The umask that the program was started with. From the first call on, new files and folders are for their owner alone."""
    return os.umask(PRIVATE)
