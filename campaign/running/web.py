"""The web server as bin/up runs it: it keeps to itself that its workers share what they have read.

Granian forks its workers where Python forks at all. Forked from a process that has imported everything, two of them
hold 60 MB less, for as long as nobody's garbage collector touches what is shared. Elsewhere each imports for itself.
"""

from __future__ import annotations

import gc
import multiprocessing

from granian.cli import entrypoint

from campaign import create_app
from campaign.running import logging


def main() -> None:
    """Serve until SIGTERM, as the words of the command line say (granian's own)."""
    logging.begin()
    if multiprocessing.get_start_method() == "fork":
        create_app()  # for its imports; each worker makes its own
        gc.collect()
        gc.freeze()
    entrypoint()  # type: ignore[no-untyped-call] # granian types its API only


if __name__ == "__main__":
    main()
