// graphql-ws: queries, mutations and subscriptions over one WebSocket.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { bearer, socketUrl } from '../program.js'

export function open(api, token) {
  const client = createClient({
    url: socketUrl(api),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: bearer(token) }
  })
  return {
    async ask(query, variables) {
      for await (const result of client.iterate({ query, variables })) return result
    },
    listen: (query, variables) => client.iterate({ query, variables }),
    close: () => client.dispose()
  }
}
