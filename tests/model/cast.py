"""Who is in a story, and what is theirs."""

FOUNDER = "ann"
"""An admin to the end."""

BOB, CAY = "bob", "cay"
MEMBERS = (FOUNDER, BOB, CAY)
STRANGER = "dan"
"""A member of another organisation."""

ORDERS = {"O1": FOUNDER, "O2": BOB, "O3": CAY}
"""The orders and their owners."""
