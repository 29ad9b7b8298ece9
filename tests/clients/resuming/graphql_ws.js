// graphql-ws: goes on after its cursor whenever the connection ends, so that no event is missed or comes twice.
// `node resuming/graphql_ws.js ORGANISATION CURSOR COUNT` ends after so many events. Each connection goes to the next
// of the addresses, with the next of the tokens: one that is refused is replaced.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { EVENTS } from '../documents.js'
import { bearer, say, socketUrl } from '../program.js'

const [organisation, after, count] = process.argv.slice(2)
const addresses = process.env.ADDRESSES.split(' ')
const tokens = process.env.TOKENS.split(' ')
let connections = 0
let closed = null

const client = createClient({
  url: () => socketUrl(addresses[connections++ % addresses.length]),
  webSocketImpl: WebSocket,
  connectionParams: () => ({ authorization: bearer(tokens.length > 1 ? tokens.shift() : tokens[0]) }),
  retryWait: async () => {},
  on: {
    connecting: () => say({ connection: connections + 1, closed }),
    closed: ({ code }) => (closed = code)
  }
})

// graphql-ws sends these variables whenever it connects: what is changed in them counts from then on. That is done as
// soon as an event comes, not when it is read from an iterator, which may hold more than was handled.
const variables = { organisation, after }
let left = Number(count)

const stop = client.subscribe(
  { query: EVENTS, variables },
  {
    next({ data }) {
      const { sequence, cursor } = data.organisationEvents
      variables.after = cursor
      say({ heard: sequence })
      if (--left === 0) stop()
    },
    error: (fault) => say({ fault: [fault.code, fault.reason] }),
    complete() {}
  }
)
