"""Who reaches what: by the rules as clients are promised them."""

from tests.model.answers import refused
from tests.model.state import ADMIN, Order, Share, State


def require_member(state: State, viewer: str) -> None:
    """Refuse a stranger, for whom nothing here exists."""
    if viewer not in state.roles:
        raise refused("NOT_FOUND")


def require_admin(state: State, viewer: str) -> None:
    """Refuse whoever does not administer the organisation."""
    require_member(state, viewer)
    if state.roles[viewer] != ADMIN:
        raise refused("FORBIDDEN")


def rules(state: State, viewer: str, order: Order) -> bool:
    """Return whether a member may do everything with an order."""
    return viewer == order.owner or state.roles.get(viewer) == ADMIN


def sees(state: State, viewer: str, share: Share) -> bool:
    """Return whether a member sees a shared order."""
    return viewer in (share.sender, share.recipient) or rules(state, viewer, state.orders[share.order])


def seen_share(state: State, viewer: str, number: int) -> Share:
    """Return a shared order that somebody sees; what they do not see does not exist for them."""
    require_member(state, viewer)
    share = state.shares[number]
    if not sees(state, viewer, share):
        raise refused("NOT_FOUND")
    return share


def require_recipient(viewer: str, share: Share) -> None:
    """Refuse whoever is not the recipient."""
    if viewer != share.recipient:
        raise refused("FORBIDDEN")
