// The tabs that GraphiQL opens with: the whole way of an order, ready to run with what the demonstration has.

const WELCOME = `# Press Ctrl-Enter (or the button) to run this. The book on the left is the schema's reference,
# the folder below it builds documents by clicking.
query Me {
  viewer {
    user { name reference }
    memberships { role organisation { id name } }
  }
}
`;

const LISTEN = `# 1. Leave this running, and go on in another window: GraphiQL
# ends it when you leave this tab. What happens there is told here at once.
subscription Listen($organisation: ID!) {
  organisationEvents(organisationId: $organisation) {
    sequence
    cursor
    __typename
    actor { name }
    order { title }
    ... on SharedOrderChanged { offer: status }
    ... on OrderStatusChanged { status reason { via action } }
  }
}
`;

const LIST = `# 2. The orders of the whole organisation, by the priority of their types.
query Orders($organisation: ID!) {
  organisation(id: $organisation) {
    name
    orders(first: 10, where: { shareable: true }) {
      totalCount
      nodes {
        id
        title
        status
        type { name priority }
        owner { name }
        maxShares
        sharesClaimed
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`;

const SHARE = `# 3. The first terminal offers a second, linked order. Keep the id that is answered for the next tab.
mutation Share($input: ShareOrderInput!) {
  shareOrder(input: $input) {
    sharedOrders { id status recipient { name } claimWindow { opensAt closesAt } }
    userErrors { code message path }
  }
}
`;

const CLAIM = `# 4. The second terminal claims what it was offered. Run "MyOffers" first to see what else there is.
query MyOffers {
  viewer {
    sharedOrders(status: [OFFERED]) {
      nodes { id message sender { name } order { title } claimEligibility { claimable code } }
    }
  }
}

mutation Claim($input: ClaimSharedOrderInput!) {
  claimSharedOrder(input: $input) {
    sharedOrder { id status availableActions order { title status } }
    userErrors { code message }
  }
}
`;

const PROCESS = `# 5. The second terminal processes its own order; the server derives the status of both.
mutation Process($input: ProcessOrderInput!) {
  processOrder(input: $input) {
    order { title status version }
    userErrors { code message }
  }
}
`;

/** The headers of a request by a person, as GraphiQL's pane has them. */
export function headersOf(person) {
  return JSON.stringify({ Authorization: `Bearer ${person.token}` }, null, 2);
}

/**
 * The tabs.
 *
 * @param {object | null} data What the demonstration tells; null where there is none.
 */
export function tabs(data) {
  if (!data) return [{ query: WELCOME, headers: '{\n  "Authorization": "Bearer "\n}' }];
  const [first, second] = data.people;
  const tab = (person, query, variables) => ({
    query,
    variables: JSON.stringify(variables, null, 2),
    headers: headersOf(person),
  });
  const share = { orderId: data.orders["LIN-106"], recipientIds: [second.id], permission: "PROCESS", message: "Please" };
  return [
    tab(first, LISTEN, { organisation: data.organisation }),
    tab(first, LIST, { organisation: data.organisation }),
    tab(first, SHARE, { input: share }),
    tab(second, CLAIM, { input: { sharedOrderId: data.sharedOrder } }),
    tab(second, PROCESS, { input: { orderId: data.sharedOrder, action: "REPORT_LOSS" } }),
  ];
}
