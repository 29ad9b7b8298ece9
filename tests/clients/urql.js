// urql: how its exchanges are put together, and what a terminal does with it.
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { bearer, each, socketUrl } from './program.js'

// Subscriptions over a WebSocket.
export function socketExchange(api, token) {
  const sockets = createClient({
    url: socketUrl(api),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: bearer(token) }
  })
  return subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) })
    })
  })
}

export const openClient = (api, token, exchanges, options) =>
  new Client({
    url: api,
    fetchOptions: { headers: { authorization: bearer(token) } },
    exchanges: [cacheExchange, ...exchanges, fetchExchange],
    ...options
  })

export function terminal(client) {
  return {
    async ask(document, variables) {
      const isMutation = document.trimStart().startsWith('mutation')
      const { data, error } = await (isMutation
        ? client.mutation(document, variables)
        : client.query(document, variables))
      return { data, errors: error }
    },
    listen(document, variables) {
      const results = client.subscription(document, variables)
      return each((sink) => results.subscribe(({ data, error }) => sink.next({ data, errors: error })).unsubscribe)
    },
    close() {}
  }
}
