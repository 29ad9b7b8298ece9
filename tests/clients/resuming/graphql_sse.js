// graphql-sse: goes on after its last event whenever the connection ends, so that no event is missed or comes twice.
// `node resuming/graphql_sse.js ORGANISATION CURSOR COUNT` ends after so many events. Each connection goes to the next
// of the addresses.
import { createClient } from 'graphql-sse'
import { EVENTS } from '../documents.js'
import { bearer, say } from '../program.js'

const [organisation, after, count] = process.argv.slice(2)
const addresses = process.env.ADDRESSES.split(' ')
const token = process.env.TOKENS
let connections = 0
let lastEventId = null

const client = createClient({
  url: () => addresses[connections++ % addresses.length],
  // The id of an event is its cursor. An EventSource of a browser sends the last one by itself, this client does not.
  headers: () => ({ authorization: bearer(token), ...(lastEventId && { 'last-event-id': lastEventId }) }),
  retry: async () => {},
  on: { connecting: () => say({ connection: connections + 1 }) }
})

let left = Number(count)
const stop = client.subscribe(
  { query: EVENTS, variables: { organisation, after } },
  {
    next({ data }) {
      const { sequence, cursor } = data.organisationEvents
      lastEventId = cursor
      say({ heard: sequence })
      if (--left === 0) stop()
    },
    error: (fault) => say({ fault: fault.message }),
    complete() {}
  }
)
