// A terminal: one person's view of the API, with typed results.
import { CLAIM, ORDERS, PROCESS, SHARE, WHERE_I_AM } from './documents.js'
import type {
  ClaimSharedOrderInput,
  OrderLineFragment,
  ProcessOrderInput,
  RefusalFragment,
  ShareOrderInput,
  TypedDocumentString
} from './generated/graphql.js'

/** Why a mutation was refused: what `__typename` says decides what else there is to show. */
export type Refusal = RefusalFragment

/** What was done; or, where nothing was, why. */
export type Outcome<Done> = { done: Done } | { refused: Refusal[] }

/** The request itself failed: there is no answer to show. `code` is the first error's, such as `UNAUTHENTICATED`. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly code: string | undefined
  ) {
    super(message)
  }
}

type Answer<Result> = { data?: Result | null; errors?: { message: string; extensions?: { code?: string } }[] }

export class Terminal {
  constructor(
    private readonly api: string,
    private readonly token: string
  ) {}

  async whereIAm() {
    return (await this.ask(WHERE_I_AM, {})).viewer.memberships.map(({ organisation }) => organisation)
  }

  /** All orders that can be shared, by the priority of their types; the next page is asked for when it is needed. */
  async *orders(organisation: string): AsyncGenerator<OrderLineFragment> {
    let after: string | null | undefined
    do {
      const page = (await this.ask(ORDERS, { organisation, after })).organisation?.orders
      yield* page?.nodes ?? []
      after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined
    } while (after)
  }

  /** Offers an order to others. Some of them may be refused while the rest is offered it. */
  async share(input: ShareOrderInput) {
    const { sharedOrders, userErrors } = (await this.ask(SHARE, { input })).shareOrder
    return { sharedOrders, refused: userErrors }
  }

  async claim(input: ClaimSharedOrderInput) {
    const { sharedOrder, userErrors } = (await this.ask(CLAIM, { input })).claimSharedOrder
    return outcome(sharedOrder, userErrors)
  }

  async process(input: ProcessOrderInput) {
    const { order, userErrors } = (await this.ask(PROCESS, { input })).processOrder
    return outcome(order, userErrors)
  }

  private async ask<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables) {
    const response = await fetch(this.api, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query: document, variables })
    })
    const { data, errors } = (await response.json()) as Answer<Result>
    if (errors?.[0]) throw new RequestError(errors[0].message, errors[0].extensions?.code)
    if (!data) throw new RequestError(`The server answered ${response.status}.`, undefined)
    return data
  }
}

function outcome<Done>(done: Done | null | undefined, refused: Refusal[]): Outcome<Done> {
  return done ? { done } : { refused }
}

/** A sentence for people; the compiler knows what each kind of refusal has. */
export function explain(refusal: Refusal): string {
  switch (refusal.__typename) {
    case 'ClaimWindowError':
      return `It can be claimed from ${refusal.opensAt} to ${refusal.closesAt}.`
    case 'SharesExhaustedError':
      return `All ${refusal.maxShares} seats are taken.`
    case 'ActionNotAllowedError':
      return `It is ${refusal.currentStatus}; possible are: ${refusal.availableActions.join(', ') || 'nothing'}.`
    case 'VersionConflictError':
      return `Somebody was faster: it is ${refusal.currentStatus} now, at version ${refusal.currentVersion}.`
    case 'GenericUserError':
      return refusal.message
  }
}
