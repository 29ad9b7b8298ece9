"""How many stories are played: some, always the same, with every run of the tests; many new ones by `make fuzz`."""

import os

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

_FUZZ = "ORDERSHARE_FUZZ_STORIES"


def play(story: type[RuleBasedStateMachine], *, usually: int, steps: int, like: str) -> None:
    """Play stories.

    Args:
        story: What can happen in one.
        usually: How many are played where nothing is said.
        steps: How long the longest are.
        like: Which ones are played where nothing is said: with the same word the same.
    """
    asked = int(os.environ.get(_FUZZ, "0"))
    chosen = settings(
        max_examples=asked or usually,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        print_blob=True,
        phases=[Phase.generate, Phase.shrink] if asked else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(story if asked else seed(like)(story), settings=chosen)
