"""How many documents are tried: some, always the same, with every run of the tests; many new ones by `make fuzz`."""

import os

from hypothesis import HealthCheck, Phase, settings

_FUZZ = "ORDERSHARE_FUZZ_DOCUMENTS"


def effort(usually: int, share_of_fuzzing: float) -> settings:
    """Return how a test is run.

    Args:
        usually: How many documents where nothing is said.
        share_of_fuzzing: Which part of the documents that `make fuzz` asks for.
    """
    asked = int(os.environ.get(_FUZZ, "0"))
    return settings(
        max_examples=int(asked * share_of_fuzzing) if asked else usually,
        derandomize=not asked,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if asked else [Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
