"""What a terminal can ask for, with names and numbers in the place of ids, and hours in the place of instants."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ask:
    """A mutation that somebody sends."""

    viewer: str


@dataclass(frozen=True)
class ShareOrder(Ask):
    """An instruction; `too_early_for` are those whom it does not know as members yet, though they have just joined."""

    order: str
    recipients: tuple[str, ...]
    permission: str = "VIEW"
    opens_at: int | None = None
    closes_at: int | None = None
    too_early_for: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AskOfShare(Ask):
    """A mutation of a shared order."""

    share: int


@dataclass(frozen=True)
class ClaimSharedOrder(AskOfShare):
    pass


@dataclass(frozen=True)
class DeclineSharedOrder(AskOfShare):
    pass


@dataclass(frozen=True)
class ReleaseSharedOrder(AskOfShare):
    pass


@dataclass(frozen=True)
class RevokeSharedOrder(AskOfShare):
    pass


@dataclass(frozen=True)
class ExtendClaimWindow(AskOfShare):
    closes_at: int


@dataclass(frozen=True)
class ProcessOrder(Ask):
    """A result, sent through the order by its reference, or through a shared order by its number."""

    through: str | int
    action: str
    expected_version: int | None = None
    new_expires_at: int | None = None


@dataclass(frozen=True)
class AddMember(Ask):
    user: str
    role: str = "MEMBER"


@dataclass(frozen=True)
class RemoveMember(Ask):
    user: str


@dataclass(frozen=True)
class SetMemberRole(Ask):
    user: str
    role: str


@dataclass(frozen=True)
class SetSharePolicy(Ask):
    policy: str
