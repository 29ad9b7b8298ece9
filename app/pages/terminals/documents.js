// Everything that a terminal asks. Events carry the same fields as the lists: what an event brings is shown at once,
// without asking again.

const ORDER = `
  fragment OrderParts on Order {
    id reference title status version maxShares sharesClaimed viewerCanShare availableActions expiresAt
    premium { amountMinor currency }
    type { code name }
    owner { id name }
    statusReason { cause action via actor { name } }
  }`;

const SHARED_ORDER = `
  fragment SharedParts on SharedOrder {
    id status permission message createdAt availableActions
    claimWindow { opensAt closesAt }
    sender { id name }
    recipient { id name }
    order { ...OrderParts organisation { id } }
  }`;

// What may be done through a shared order depends on the order's status, so both come together whenever it changes.
const WITH_SHARES = `
  fragment WithShares on Order {
    ...OrderParts
    sharedOrders(status: [OFFERED, CLAIMED], first: 50) { nodes { ...SharedParts } }
  }
  ${SHARED_ORDER} ${ORDER}`;

export const VIEWER = `
  query Viewer { viewer { user { id name } memberships { role organisation { id name } } } }`;

// The log's cursor comes with what is shown: a subscription after it misses nothing, and repeats nothing that matters.
export const BOARD = `
  query Board($organisation: ID!) {
    organisation(id: $organisation) {
      logCursor
      orderTypes { code name }
      members(first: 100) { nodes { user { id name } } }
    }
    viewer {
      received: sharedOrders(box: RECEIVED, status: [OFFERED, CLAIMED], first: 50) { nodes { ...SharedParts } }
    }
  }
  ${SHARED_ORDER} ${ORDER}`;

export const ORDERS = `
  query Orders($organisation: ID!, $where: OrderFilter, $first: Int, $after: String, $last: Int, $before: String) {
    organisation(id: $organisation) {
      orders(where: $where, orderBy: TYPE_PRIORITY, first: $first, after: $after, last: $last, before: $before) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { ...WithShares }
      }
    }
  }
  ${WITH_SHARES}`;

export const EVENTS = `
  subscription Events($organisation: ID!, $after: Cursor) {
    organisationEvents(organisationId: $organisation, after: $after) {
      __typename cursor sequence occurredAt
      actor { id name }
      order { ...WithShares }
      ... on OrderStatusChanged { previousStatus status reason { cause action via } }
      ... on SharedOrderChanged { offer: status sharedOrder { ...SharedParts } }
      ... on MembershipChanged { user { name } role }
    }
  }
  ${WITH_SHARES}`;

const ERRORS = `
  userErrors {
    code message path
    ... on ClaimWindowError { opensAt closesAt }
    ... on SharesExhaustedError { maxShares sharesClaimed }
    ... on ActionNotAllowedError { currentStatus }
    ... on VersionConflictError { currentVersion currentStatus }
  }`;

export const SHARE = `
  mutation Share($input: ShareOrderInput!) {
    shareOrder(input: $input) { sharedOrders { ...SharedParts } ${ERRORS} }
  }
  ${SHARED_ORDER} ${ORDER}`;

export const PROCESS = `
  mutation Process($input: ProcessOrderInput!) {
    processOrder(input: $input) { order { ...WithShares } ${ERRORS} }
  }
  ${WITH_SHARES}`;

// Claim, decline, release and revoke differ in their names alone.
const onSharedOrder = (field, input) => `
  mutation Change($input: ${input}!) {
    ${field}(input: $input) { sharedOrder { ...SharedParts } ${ERRORS} }
  }
  ${SHARED_ORDER} ${ORDER}`;

export const CLAIM = onSharedOrder("claimSharedOrder", "ClaimSharedOrderInput");
export const DECLINE = onSharedOrder("declineSharedOrder", "DeclineSharedOrderInput");
export const RELEASE = onSharedOrder("releaseSharedOrder", "ReleaseSharedOrderInput");
export const REVOKE = onSharedOrder("revokeSharedOrder", "RevokeSharedOrderInput");
