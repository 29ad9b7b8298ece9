"""Replicas over PostgreSQL that carry no hints to each other: each hears at once of what it has committed itself."""

from app.choose_signals import choose_signals
from app.settings import Settings
from db.signals import InProcessSignals
from tests.chaos.everywhere import replace_everywhere


def hear_only_oneself() -> None:
    """Have the program choose signals inside the process, whatever its settings are."""
    replace_everywhere(choose_signals, _inside)


def _inside(_settings: Settings) -> InProcessSignals:
    return InProcessSignals()
