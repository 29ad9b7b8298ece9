"""The documents that the clients of a run send."""

_ERRORS = "userErrors { code path message }"

MUTATIONS = {
    name: f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {fields} {_ERRORS} }} }}"
    for name, fields in {
        "shareOrder": "sharedOrders { id recipient { id } }",
        "claimSharedOrder": "sharedOrder { id status }",
        "declineSharedOrder": "sharedOrder { id status }",
        "releaseSharedOrder": "sharedOrder { id status }",
        "revokeSharedOrder": "sharedOrder { id status }",
        "processOrder": "order { id status } processingResult { action orderVersion toStatus }",
        "importOrders": "imported updated unchanged",
    }.items()
}
"""Every mutation that writers send, by its field."""

MEMBERS = """query($id: ID!) {
  organisation(id: $id) { logCursor members(first: 100) { nodes { role user { id reference } } } }
}"""

ORDERS = """query($id: ID!, $search: String) {
  organisation(id: $id) {
    orders(first: 100, where: { search: $search }) { nodes { id reference status owner { id } } }
  }
}"""

MEMBERSHIPS = "{ viewer { memberships { organisation { id reference } } } }"

LOG_CURSOR = "query($id: ID!) { organisation(id: $id) { logCursor } }"

_TOLD = "__typename id cursor sequence"
_OF_STATUS = "previousStatus status"
_OF_SHARE = "previousShareStatus: previousStatus shareStatus: status"


_NESTED = "actor { name } order { title status sharesClaimed owner { name } }"


def subscription(name: str, *, nested: bool) -> str:
    """Return the document of a subscriber: what it is told of each event.

    Args:
        name: The subscription.
        nested: Whether it asks for what must be read for each event, too.
    """
    told = f"{_TOLD} {_NESTED}" if nested else _TOLD
    fields = {
        "organisationEvents": (
            f"{told} ... on OrderStatusChanged {{ {_OF_STATUS} }} ... on SharedOrderChanged {{ {_OF_SHARE} }}"
        ),
        "orderStatusChanged": f"{told} {_OF_STATUS}",
        "sharedOrderChanged": f"{told} {_OF_SHARE}",
    }[name]
    return _follow(name, fields)


def _follow(name: str, fields: str) -> str:
    return (
        "subscription($organisation: ID!, $after: Cursor) "
        f"{{ {name}(organisationId: $organisation, after: $after) {{ {fields} }} }}"
    )


WHOLE_LOG = _follow(
    "organisationEvents",
    f"""{_TOLD} occurredAt orderVersion actor {{ id }} order {{ id reference maxShares expiresAt owner {{ id }} }}
    ... on OrderStatusChanged {{ {_OF_STATUS} reason {{ cause action }} }}
    ... on SharedOrderChanged {{
      {_OF_SHARE} sharedOrder {{ id sender {{ id }} recipient {{ id }} claimWindow {{ opensAt closesAt }} }}
    }}""",
)
"""All that the checker wants to know of a log."""
