// The link of Apollo Client for subscriptions that go on after the last event whenever something breaks.
import { ApolloLink, CombinedGraphQLErrors, Observable } from '@apollo/client'
import { print } from 'graphql'
import { resume } from '../graphql-ws/resume.js'

export class ResumingLink extends ApolloLink {
  /**
   * @param {import('graphql-ws').Client} client with `retryAttempts: 0`
   * @param {import('../graphql-ws/resume.js').Options} [options]
   */
  constructor(client, options) {
    super()
    this.client = client
    this.options = options
  }

  /** @override @param {ApolloLink.Operation} operation @returns {Observable<ApolloLink.Result>} */
  request({ query, variables, operationName }) {
    return new Observable((observer) =>
      resume(
        this.client,
        { query: print(query), variables, operationName: operationName ?? '' },
        {
          next: (result) => observer.next(result),
          error: (fault) => observer.error(asError(fault)),
          complete: () => observer.complete()
        },
        this.options
      )
    )
  }
}

/** @param {any} fault GraphQL errors, or how the socket was closed */
const asError = (fault) =>
  Array.isArray(fault)
    ? new CombinedGraphQLErrors({ errors: fault })
    : new Error(`The socket is closed: ${fault.code ?? ''} ${fault.reason ?? ''}`, { cause: fault })
