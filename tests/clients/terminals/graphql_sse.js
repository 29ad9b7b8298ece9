// graphql-sse in distinct connections mode: a request for each operation, whose answer is a stream of events.
import { createClient } from 'graphql-sse'
import { bearer } from '../program.js'

export function open(api, token) {
  const client = createClient({ url: api, headers: { authorization: bearer(token) } })
  return {
    async ask(query, variables) {
      for await (const result of client.iterate({ query, variables })) return result
    },
    listen: (query, variables) => client.iterate({ query, variables }),
    close: () => client.dispose()
  }
}
