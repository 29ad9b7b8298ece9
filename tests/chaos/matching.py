"""Which events of the log are what somebody asked for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from tests.chaos.history import Event, Identity, Log, Mark, Mutation, Outcome

Key = TypeVar("Key")

OFFERED = "OFFERED"
PROCESSED = "PROCESSED"
IMPORTED = "IMPORTED"


def mark_of(event: Event) -> Mark | None:
    """Return what whoever asked for the event could know; None for what nobody can ask for in a run."""
    if event.order is None or event.actor is None:
        return None
    if event.offer is not None:
        if event.status == OFFERED:
            return Mark(OFFERED, event.order.id, event.offer.recipient, event.actor)
        return Mark(event.status or "", event.offer.id, "", event.actor)
    if event.kind == "OrderImported":
        return Mark(IMPORTED, event.order.reference, "", event.actor)
    if event.cause == PROCESSED:
        return Mark(PROCESSED, event.order.id, event.action or "", event.actor)
    return None


def identity_of(event: Event) -> Identity | None:
    """Return what no other event of the log may have in common with this one; None for what is not of the run."""
    if event.order is None:
        return None
    if event.offer is not None:
        return Identity(event.status or "", event.offer.id, 0)
    if event.kind == "OrderImported":
        return Identity(IMPORTED, event.order.reference, event.version or 0)
    if event.cause == PROCESSED:
        return Identity(PROCESSED, event.order.id, event.version or 0)
    return None


class Matching:
    """The events of one log by what they are matched by, and the mutations that were sent about it."""

    def __init__(self, organisation: str, log: Log, mutations: Sequence[Mutation]) -> None:
        """Look at the events of the run."""
        self.organisation = organisation
        self.mutations = [each for each in mutations if each.organisation == organisation]
        begun_at = log.begun_at
        self.events = [event for event in log.events if event.sequence > begun_at]
        self.by_mark = _grouped((mark_of(event), event) for event in self.events)
        self.by_identity = _grouped((identity_of(event), event) for event in self.events)

    def acknowledged(self) -> Iterator[tuple[Mutation, list[Event]]]:
        """Yield the acknowledged mutations with the events that their answers name; of one done twice, the first."""
        for mutation in self.mutations:
            if mutation.outcome is Outcome.ACKNOWLEDGED:
                named = [effect.identity for effect in mutation.effects if effect.identity is not None]
                yield mutation, [event for identity in named for event in self.by_identity.get(identity, ())[:1]]


def _grouped(pairs: Iterator[tuple[Key | None, Event]]) -> Mapping[Key, list[Event]]:
    groups: defaultdict[Key, list[Event]] = defaultdict(list)
    for key, event in pairs:
        if key is not None:
            groups[key].append(event)
    return groups
