"""Why a decision cannot be taken."""


class CannotBe(Exception):
    """The reason, in words for the person who wanted it."""
