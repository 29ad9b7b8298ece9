// graphql-ws: what ends a socket, and what ends no more than an operation.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { EVENTS, UNKNOWN_FIELD, WHO } from '../documents.js'
import { API, FIRST_TOKEN, bearer, say, socketUrl } from '../program.js'

const [organisation] = process.argv.slice(2)

const open = (options) =>
  createClient({
    url: socketUrl(API),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: bearer(FIRST_TOKEN) },
    retryAttempts: 0,
    ...options
  })

// What an operation is told, to its end.
function outcome(client, payload) {
  return new Promise((resolve) => {
    let result = null
    client.subscribe(payload, {
      next: (value) => (result = value),
      error: (fault) => resolve(Array.isArray(fault) ? fault : [fault.code, fault.reason]),
      complete: () => resolve(result)
    })
  })
}

const listening = { query: EVENTS, variables: { organisation } }

// The socket ends, each time for another reason.
const sends = (message) => ({ on: { connected: (socket) => socket.send(message) } })
say({ malformed: await outcome(open(sends('nonsense')), listening) })
say({ unknown: await outcome(open(sends('{"type": "start"}')), listening) })
say({ introducedTwice: await outcome(open(sends('{"type": "connection_init"}')), listening) })
say({ badToken: await outcome(open({ connectionParams: { authorization: 'Bearer garbage' } }), listening) })
say({ noToken: await outcome(open({ connectionParams: {} }), listening) })

const early = JSON.stringify({ id: 'early', type: 'subscribe', payload: { query: WHO } })
say({ notIntroduced: await outcome(open({ on: { opened: (socket) => socket.send(early) } }), listening) })

const forgetful = open({ generateID: () => 'the same' })
const both = [outcome(forgetful, listening), outcome(forgetful, listening)]
say({ idInUse: await Promise.all(both) })

// The operation ends, the socket does not.
let sockets = 0
const client = open({ lazy: false, on: { opened: () => (sockets += 1) } })
const bad = {
  syntax: { query: '{' },
  unknownField: { query: UNKNOWN_FIELD },
  noVariables: { query: EVENTS },
  nowhere: { query: EVENTS, variables: { organisation: 'Organisation_nowhere' } },
  noCursor: { query: EVENTS, variables: { organisation, after: 'garbage' } }
}
for (const [name, payload] of Object.entries(bad)) {
  const errors = await outcome(client, payload)
  say({ [name]: errors.map(({ extensions }) => extensions.code) })
}
const { data } = await outcome(client, { query: WHO })
say({ good: data.viewer.user.reference, sockets })
await client.dispose()
