"""What a watched event looks like: a line for people, or a line of JSON for programs."""

from typing import Any

import orjson
from rich.text import Text

from app.watch_client import Event

_STYLES = {
    "OrderStatusChanged": "yellow",
    "SharedOrderChanged": "cyan",
    "OrderImported": "green",
    "MembershipChanged": "magenta",
    "SharePolicyChanged": "blue",
}
_SAME_NAMES = {
    "previousOrderStatus": "previousStatus",
    "orderStatus": "status",
    "previousSharedOrderStatus": "previousStatus",
    "sharedOrderStatus": "status",
}
"""A document may not ask for two types of status by one name."""


def json_line(event: Event) -> str:
    """Return an event as a line of JSON, by the names of the schema: `cursor`, `sequence`, `type` and so on."""
    return orjson.dumps({_SAME_NAMES.get(name, name): value for name, value in event.items()}).decode()


def people_line(event: Event) -> Text:
    """Return an event as a line: time, sequence, who, what, about which order, and what has become of it."""
    kind = event["type"]
    line = Text(no_wrap=True)
    line.append(f"{event['occurredAt'][:19]}Z ", style="dim")
    line.append(f"{event['sequence']:>6} ", style="bold")
    line.append(f"{_name(event['actor']) or '-'}  ")
    line.append(f"{kind} ", style=_STYLES.get(kind, "white"))
    if event["order"] is not None:
        line.append(f"{harmless(event['order']['reference'])} “{harmless(event['order']['title'])}”  ")
    line.append(_became(event), style="bold")
    line.rstrip()
    return line


def _became(event: Event) -> str:
    match event["type"]:
        case "OrderStatusChanged":
            reason = event["reason"]
            return f"{event['previousOrderStatus']} → {event['orderStatus']} ({reason['action'] or reason['cause']})"
        case "SharedOrderChanged":
            shared = event["sharedOrder"]
            before = f"{event['previousSharedOrderStatus']} → " if event["previousSharedOrderStatus"] else ""
            people = f"{_name(shared['sender'])} to {_name(shared['recipient'])}"
            return f"{before}{event['sharedOrderStatus']} ({people}, {shared['permission']})"
        case "MembershipChanged":
            return f"{_name(event['user'])}: {event['role'] or 'removed'}"
        case "SharePolicyChanged":
            return f"{event['previousSharePolicy']} → {event['sharePolicy']}"
        case _:
            return ""


def _name(user: dict[str, Any] | None) -> str:
    return harmless(user["name"]) if user else ""


def harmless(text: str) -> str:
    """Return text with nothing in it that a terminal would obey."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
