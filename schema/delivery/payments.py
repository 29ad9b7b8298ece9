"""Who pays for events that are executed: the budgets that operations are charged to, while events are delivered."""

from strawberry.utils.await_maybe import await_maybe

from domain.people import Viewer
from schema.pricing import Spend


class Unpaid(Exception):
    """A budget does not suffice.

    Attributes:
        seconds: After how many seconds it is full again.
    """

    def __init__(self, seconds: float) -> None:
        """Say when to try again."""
        super().__init__(seconds)
        self.seconds = seconds


class Payments:
    """Charges executed events to users."""

    def __init__(self, spend: Spend | None = None) -> None:
        """Charge nothing yet.

        Args:
            spend: Takes a cost from a user's budgets; None where events are free.
        """
        self._spend = spend

    async def charge(self, payer: Viewer, cost: int) -> None:
        """Charge a user.

        Args:
            payer: Who pays.
            cost: What is executed, as `execution.cost` counts it.

        Raises:
            Unpaid: Where a budget does not suffice; nothing may be executed.
        """
        if self._spend is None:
            return
        spent = await await_maybe(self._spend(payer, cost))
        if spent.retry_after is not None:
            raise Unpaid(spent.retry_after)
