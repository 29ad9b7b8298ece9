"""What attackers know of the server that they attack."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

ATTACKERS = 30
"""Users of the attackers, members of both of their organisations; the first is an admin."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server, and what is in it.

    Attributes:
        port: Where it serves.
        proxy_port: Where a proxy passes requests on, over connections that it shares out to all its clients.
        archive: The id of the organisation with a long log.
        beginning: The cursor before the first event of that log.
        catalogue: The id of the organisation with many orders.
        orders: An order of each attacker in the archive, by the user's reference.
        tokens: The `Authorization` of each attacker, by the user's reference.
    """

    port: int
    proxy_port: int
    archive: str
    beginning: str
    catalogue: str
    orders: Mapping[str, str]
    tokens: Mapping[str, str]

    def as_json(self) -> dict[str, object]:
        """Return it as plain values."""
        return asdict(self)


def attacking_member(number: int) -> str:
    """Return the reference of a user of the attackers."""
    return f"attacker-{number % ATTACKERS}"
