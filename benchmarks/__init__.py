"""How fast the server is, measured beside others that users of this field can pick. Nothing imports this package."""
