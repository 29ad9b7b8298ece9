"""Who watches the operations of a process, by its settings."""

import importlib
from collections.abc import Sequence
from typing import Any

from app.metrics import Metrics
from app.observability.logs import FLUSH_SECONDS, standard_error
from app.observing import Observer
from app.operation_log import OperationLog
from app.settings import Settings, SettingsError


class Observers:
    """All who watch.

    Attributes:
        metrics: Counts.
        traces: Sends a span for each operation; None where nobody takes them.
    """

    def __init__(self, settings: Settings) -> None:
        """Choose who watches.

        Raises:
            SettingsError: Where traces are asked for and cannot be made.
        """
        self.metrics = Metrics()
        self.traces = _traces(settings.checked_otlp_endpoint())
        self._logs = settings.log_form == "json"

    @property
    def all(self) -> Sequence[Observer]:
        """Those who are told of each operation, in turn: the log tells the trace."""
        found: list[Observer] = [self.metrics]
        if self.traces is not None:
            found.append(self.traces)
        if self._logs:
            found.append(OperationLog(standard_error))
        return found

    def end(self) -> None:
        """Let go what is still held back; this may wait for the network."""
        standard_error.flush(FLUSH_SECONDS)
        if self.traces is not None:
            self.traces.end()


def _traces(endpoint: str) -> Any:
    """Return what makes traces; whoever wants none need not have OpenTelemetry, and does not load it."""
    if not endpoint:
        return None
    try:
        module = importlib.import_module("app.traces")
    except ModuleNotFoundError:
        raise SettingsError(
            "ORDERSHARE_OTLP_ENDPOINT needs OpenTelemetry: install ordershare[traces], or leave it empty."
        ) from None
    return module.Traces(endpoint)
