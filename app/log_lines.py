"""How the processes of the program log."""

import logging


def begin_to_log() -> None:
    """Write log lines to the standard error: a level and a sentence."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    for talkative in ("alembic", "httpx"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
