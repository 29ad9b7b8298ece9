// Prints what happens in your organisation, a line of JSON for each event: `API=… TOKEN_FILE=… npm start`.
import { Client, cacheExchange, fetchExchange, gql } from '@urql/core'
import { createClient } from 'graphql-ws'
import { readFile } from 'node:fs/promises'
import WebSocket from 'ws'
import { watched } from '../graphql-ws/resume.js'
import { resumingExchange } from './resuming-exchange.js'

const PLACE = gql`
  query Place { viewer { memberships { organisation { id name logCursor } } } }
`
const EVENTS = gql`
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

const bearer = { authorization: `Bearer ${await token()}` }

const client = new Client({
  url: API,
  fetchOptions: { headers: bearer },
  exchanges: [
    cacheExchange,
    resumingExchange(socket, { onBreak: (code) => say({ broke: code }) }),
    fetchExchange
  ]
})

const { data } = await client.query(PLACE, {}).toPromise()
const { id: organisation, name, logCursor: after } = data.viewer.memberships[0].organisation
say({ following: name })

const subscription = client.subscription(EVENTS, { organisation, after }).subscribe(({ data, error }) => {
  if (error) {
    console.error('The stream has ended:', error)
    process.exitCode = 1
    return
  }
  show(data.organisationEvents)
})

const stop = () => subscription.unsubscribe()
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
