// What the clients ask.

export const ORDERS = `
  query Orders($search: String) {
    viewer {
      memberships {
        organisation {
          id
          name
          logCursor
          orders(where: { shareable: true, search: $search }) {
            totalCount
            nodes { id reference status version owner { reference } }
          }
          members(search: "recipient") { nodes { user { id reference } } }
        }
      }
    }
  }
`

export const SHARE = `
  mutation Share($input: ShareOrderInput!) {
    shareOrder(input: $input) {
      sharedOrders { id status permission recipient { reference } }
      userErrors { code message }
    }
  }
`

export const CLAIM = `
  mutation Claim($input: ClaimSharedOrderInput!) {
    claimSharedOrder(input: $input) {
      sharedOrder { id status availableActions }
      userErrors { code message }
    }
  }
`

export const PROCESS = `
  mutation Process($input: ProcessOrderInput!) {
    processOrder(input: $input) {
      order { id status version }
      userErrors { code ... on VersionConflictError { currentVersion currentStatus } }
    }
  }
`

export const EVENTS = `
  subscription Events($organisation: ID!, $after: Cursor) {
    organisationEvents(organisationId: $organisation, after: $after) {
      sequence
      cursor
      ... on SharedOrderChanged { shareStatus: status sharedOrder { id recipient { reference } } }
      ... on OrderStatusChanged { orderStatus: status order { id version } reason { via action } }
    }
  }
`

export const WHO = `
  query Who {
    viewer { user { reference } }
  }
`

// The list that has no page of nothing fails, and the rest of the answer does not.
export const IN_PART = `
  query InPart($organisation: ID!) {
    viewer { user { reference } }
    organisation(id: $organisation) { orders(first: 0) { totalCount } }
  }
`

export const UNKNOWN_FIELD = '{ nonsense }'

export const NO_VARIABLE = 'query NoVariable($id: ID!) { organisation(id: $id) { name } }'
