// What this front end asks. `npm run generate` makes the types of all that can be given and answered.
import { graphql } from './generated/index.js'

export const ORDERS = graphql(`
  query Orders($organisation: ID!, $after: String) {
    organisation(id: $organisation) {
      orders(where: { shareable: true }, orderBy: TYPE_PRIORITY, first: 50, after: $after) {
        nodes { ...OrderLine }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
  fragment OrderLine on Order {
    id
    reference
    title
    status
    version
    type { name priority }
    owner { name }
  }
`)

export const WHERE_I_AM = graphql(`
  query WhereIAm {
    viewer { memberships { organisation { id name members { nodes { user { id reference } } } } } }
  }
`)

export const SHARE = graphql(`
  mutation Share($input: ShareOrderInput!) {
    shareOrder(input: $input) {
      sharedOrders { id status recipient { name } }
      userErrors { ...Refusal }
    }
  }
  fragment Refusal on UserError {
    __typename
    code
    message
    path
    ... on ClaimWindowError { opensAt closesAt }
    ... on SharesExhaustedError { maxShares sharesClaimed }
    ... on ActionNotAllowedError { currentStatus availableActions }
    ... on VersionConflictError { currentVersion currentStatus }
  }
`)

export const CLAIM = graphql(`
  mutation Claim($input: ClaimSharedOrderInput!) {
    claimSharedOrder(input: $input) {
      sharedOrder { id status availableActions }
      userErrors { ...Refusal }
    }
  }
`)

export const PROCESS = graphql(`
  mutation Process($input: ProcessOrderInput!) {
    processOrder(input: $input) {
      order { id status version }
      userErrors { ...Refusal }
    }
  }
`)
