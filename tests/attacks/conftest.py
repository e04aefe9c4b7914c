"""Links to a real SSH server, and a person at a command line, as other tests have them."""

from journeys.conftest import engineer, person
from transports.conftest import link, log, new_links, new_server, target

__all__ = ["engineer", "link", "log", "new_links", "new_server", "person", "target"]
