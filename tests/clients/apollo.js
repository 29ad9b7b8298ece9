// Apollo Client: how its links are put together, and what a terminal does with it.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { bearer, each, socketUrl } from './program.js'

// Which types an interface stands for: the cache must know it to match fragments.
const possibleTypes = {
  OrderEvent: ['OrderStatusChanged', 'SharedOrderChanged', 'OrderImported', 'MembershipChanged'],
  UserError: [
    'GenericUserError',
    'ClaimWindowError',
    'SharesExhaustedError',
    'ActionNotAllowedError',
    'VersionConflictError'
  ]
}

export const httpLink = (api, token, options) =>
  new HttpLink({ uri: api, headers: { authorization: bearer(token) }, ...options })

// Subscriptions over a WebSocket, all else over HTTP.
export function splitLink(api, token) {
  const sockets = createClient({
    url: socketUrl(api),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: bearer(token) }
  })
  return ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(sockets),
    httpLink(api, token)
  )
}

export const openClient = (link) => new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) })

export function terminal(link) {
  const client = openClient(link)
  return {
    async ask(document, variables) {
      const parsed = gql(document)
      const isMutation = parsed.definitions[0].operation === OperationTypeNode.MUTATION
      const { data, error } = isMutation
        ? await client.mutate({ mutation: parsed, variables, errorPolicy: 'all' })
        : await client.query({ query: parsed, variables, errorPolicy: 'all' })
      return { data, errors: error }
    },
    listen(document, variables) {
      const results = client.subscribe({ query: gql(document), variables })
      return each((sink) => {
        const subscription = results.subscribe(sink)
        return () => subscription.unsubscribe()
      })
    },
    close: () => client.stop()
  }
}
