// Prints what happens in your organisation, a line of JSON for each event: `API=… TOKEN_FILE=… npm start`.
import { readFile } from 'node:fs/promises'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { resume, watched } from './resume.js'

const PLACE = '{ viewer { memberships { organisation { id name logCursor } } } }'
const EVENTS = `
  subscription Events($organisation: ID!, $after: Cursor) {
    organisationEvents(organisationId: $organisation, after: $after) {
      __typename id cursor sequence order { reference }
      ... on SharedOrderChanged { shareStatus: status }
      ... on OrderStatusChanged { orderStatus: status }
    }
  }
`
const { API = 'http://127.0.0.1:8000/graphql', TOKEN_FILE = 'token' } = process.env

/** @param {unknown} value */
const say = (value) => console.log(JSON.stringify(value))

/** @param {any} event */
const show = ({ __typename, id, sequence, order, shareStatus, orderStatus }) =>
  say({ __typename, id, sequence, order: order?.reference, status: shareStatus ?? orderStatus })

const token = async () => (await readFile(TOKEN_FILE, 'utf8')).trim()

const socket = watched(
  createClient({
    url: API.replace('http', 'ws'),
    // A browser has its own.
    webSocketImpl: WebSocket,
    // Asked for each connection: after a close with 4403, a fresh token is used.
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    keepAlive: 10_000,
    // `resume` connects again, after the last event.
    retryAttempts: 0
  })
)

/** @type {any} */
const { value } = await socket.iterate({ query: PLACE }).next()
const { id: organisation, name, logCursor: after } = value.data.viewer.memberships[0].organisation
say({ following: name })

const stop = resume(socket, { query: EVENTS, variables: { organisation, after } }, {
  next: ({ data }) => {
    show(data.organisationEvents)
  },
  error: (fault) => {
    console.error('The stream has ended:', fault)
    process.exitCode = 1
  },
  complete: () => say({ completed: true })
}, { onBreak: (code) => say({ broke: code }) })

process.once('SIGINT', stop)
process.once('SIGTERM', stop)
