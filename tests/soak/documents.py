"""The documents of honest clients; each selects what shows whose answer it is."""

_ERRORS = "userErrors { code message path }"
_ORDER = "id reference title status version sharesClaimed maxShares owner { reference }"
_SHARED = "id status sender { reference } recipient { reference } order { id }"

LIST_PAGE = f"""query($id: ID!) {{
  viewer {{ user {{ reference }} }}
  organisation(id: $id) {{ id orders(first: 20) {{ totalCount nodes {{ {_ORDER} }} }} }}
}}"""

ONE_ORDER = f"""query($id: ID!) {{
  viewer {{ user {{ reference }} }}
  order(id: $id) {{ {_ORDER} availableActions sharedOrders(first: 5) {{ nodes {{ id status }} }} }}
}}"""

INBOX = f"""query {{
  viewer {{
    user {{ reference }}
    sharedOrders(box: RECEIVED, status: [OFFERED], first: 20) {{ nodes {{ {_SHARED} }} }}
  }}
}}"""

SHARED_ORDER = f"""query($id: ID!) {{
  viewer {{ user {{ reference }} }}
  sharedOrder(id: $id) {{ {_SHARED} }}
}}"""

SHARE = f"""mutation($input: ShareOrderInput!) {{
  shareOrder(input: $input) {{ order {{ id }} sharedOrders {{ {_SHARED} }} {_ERRORS} }}
}}"""

CLAIM = f"""mutation($input: ClaimSharedOrderInput!) {{
  claimSharedOrder(input: $input) {{ sharedOrder {{ {_SHARED} }} {_ERRORS} }}
}}"""

RELEASE = f"""mutation($input: ReleaseSharedOrderInput!) {{
  releaseSharedOrder(input: $input) {{ sharedOrder {{ {_SHARED} }} {_ERRORS} }}
}}"""

PROCESS = f"""mutation($input: ProcessOrderInput!) {{
  processOrder(input: $input) {{
    order {{ {_ORDER} }} processingResult {{ action orderVersion actor {{ reference }} }} {_ERRORS}
  }}
}}"""
