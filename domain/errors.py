"""The typed refusals of the rules.

A refusal says which argument it is about in `path`: the names of the use case's arguments (snake case) and, inside a
list, the position. Whoever shows it to a client translates the names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from domain.vocabulary import ErrorCode, OrderAction, OrderStatus


@dataclass(eq=False)
class DomainError(Exception):
    """A rule refuses what was asked; nothing has changed.

    Attributes:
        code: The reason, as a client can branch on it.
        message: The reason as one English sentence for a person.
        path: The argument the refusal is about.
    """

    code: ErrorCode
    message: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the code and the sentence, as a log line or a command line shows them."""
        return f"{self.code}: {self.message}"

    def at(self, *path: str | int) -> Self:
        """Return the same refusal, about another argument."""
        return replace(self, path=tuple(str(step) for step in path))


@dataclass(eq=False)
class ClaimWindowRefusal(DomainError):
    """The claim came before `opens_at`, or at or after `closes_at`."""

    opens_at: datetime = field(kw_only=True)
    closes_at: datetime = field(kw_only=True)


@dataclass(eq=False)
class SharesExhausted(DomainError):
    """Every seat of the order is taken."""

    max_shares: int = field(kw_only=True)
    shares_claimed: int = field(kw_only=True)


@dataclass(eq=False)
class ActionNotAllowed(DomainError):
    """The order's status has no such transition; `available_actions` are the ones it has for this viewer."""

    current_status: OrderStatus = field(kw_only=True)
    available_actions: tuple[OrderAction, ...] = field(kw_only=True)


@dataclass(eq=False)
class VersionConflict(DomainError):
    """Another result was applied since the version that the terminal had in view."""

    current_version: int = field(kw_only=True)
    current_status: OrderStatus = field(kw_only=True)


@contextmanager
def about(*path: str | int) -> Iterator[None]:
    """Say of a refusal inside that does not tell which argument it is about: about this one.

    Raises:
        DomainError: The refusal, with a path.
    """
    try:
        yield
    except DomainError as refusal:
        raise (refusal if refusal.path else refusal.at(*path)) from None


def not_found(what: str, *path: str | int) -> DomainError:
    """Return the refusal that a missing thing and a thing of another organisation share, to the letter."""
    return DomainError(ErrorCode.NOT_FOUND, f"There is no such {what}.").at(*path)


def forbidden(message: str, *path: str | int) -> DomainError:
    """Return the refusal of something that the viewer may see but not do."""
    return DomainError(ErrorCode.FORBIDDEN, message).at(*path)


def invalid_input(message: str, *path: str | int) -> DomainError:
    """Return the refusal of a value that no rule can accept."""
    return DomainError(ErrorCode.INVALID_INPUT, message).at(*path)


class CursorInvalid(Exception):
    """A cursor stands for no place that the log knows."""


class AccessEnded(Exception):
    """The viewer was removed from the organisation whose log they follow."""
