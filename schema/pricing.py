"""What operations cost, and whether whoever asks can afford them."""

import math
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from graphql import GraphQLError
from strawberry.utils.await_maybe import await_maybe

from domain.people import Viewer
from execution.cost import CostRules
from schema.paging import DEFAULT_PAGE, MAX_PAGE
from schema.request_errors import QUERY_TOO_COMPLEX, RATE_LIMITED

COST_RULES = CostRules(page=DEFAULT_PAGE, most=MAX_PAGE)


_DIGITS = 4


class Spent(NamedTuple):
    """What is left of a budget.

    Attributes:
        remaining: What may still be spent now; None for any amount.
        retry_after: Where the budget did not suffice: in how many seconds it is full again.
    """

    remaining: int | None
    retry_after: float | None = None


Spend: TypeAlias = Callable[[Viewer, int], Spent | Awaitable[Spent]]
"""Takes a cost from the budgets of a user, at once where nobody must be asked."""


def _rounded_down(number: int) -> int:
    """Return a number with four digits that count.

    A client need not know more, and the answer to a request that is sent again is the same to the letter.
    """
    scale: int = 10 ** max(len(str(number)) - _DIGITS, 0)
    return number // scale * scale


class Bill:
    """The cost of one operation, and who pays it."""

    def __init__(self, viewer: Viewer | None, spend: Spend | None, most: int) -> None:
        """Charge nothing yet.

        Args:
            viewer: Who pays.
            spend: Takes from their budgets; None where nobody counts.
            most: What an operation may cost.
        """
        self._viewer = viewer
        self._spend = spend
        self._most = most
        self._told: dict[str, int] | None = None

    @property
    def extensions(self) -> dict[str, object] | None:
        """What the answer tells of it."""
        return None if self._told is None else {"cost": self._told}

    def refusal(self, cost: int, beside: int = 0) -> GraphQLError | Awaitable[GraphQLError | None] | None:
        """Charge an operation; return why it cannot be executed, or None, at once where nobody must be asked.

        Args:
            cost: What it costs, as the answer tells.
            beside: What is charged on top of that.
        """
        self._told = {"requested": cost, "allowed": self._most}
        if cost > self._most:
            message = f"The operation may cost {cost}; at most {self._most} is allowed. Ask for smaller pages."
            return GraphQLError(message, extensions={"code": QUERY_TOO_COMPLEX})
        if self._spend is None or self._viewer is None:
            return None
        spent = self._spend(self._viewer, cost + beside)
        if isinstance(spent, Spent):
            return self._refused(self._told, cost, spent)
        return self._refused_later(self._told, cost, spent)

    async def preparation_refusal(self, price: int) -> GraphQLError | None:
        """Charge the preparation of a document that is not known; return why it is not prepared, or None.

        It is charged beside what the operation costs, which an answer tells.

        Args:
            price: What the preparation costs.
        """
        if self._spend is None or self._viewer is None:
            return None
        return self._refused({}, price, await await_maybe(self._spend(self._viewer, price)))

    async def _refused_later(self, told: dict[str, int], cost: int, spending: Awaitable[Spent]) -> GraphQLError | None:
        return self._refused(told, cost, await spending)

    @staticmethod
    def _refused(told: dict[str, int], cost: int, spent: Spent) -> GraphQLError | None:
        if spent.remaining is not None:
            told["remaining"] = _rounded_down(spent.remaining)
        if spent.retry_after is None:
            return None
        seconds = math.ceil(spent.retry_after)
        message = f"The budget does not suffice for a cost of {cost}; try again in {seconds} seconds."
        return GraphQLError(message, extensions={"code": RATE_LIMITED, "retryAfter": seconds})
