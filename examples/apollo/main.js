// Prints what happens in your organisation, a line of JSON for each event: `API=… TOKEN_FILE=… npm start`.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { SetContextLink } from '@apollo/client/link/context'
import { OperationTypeNode } from 'graphql'
import { createClient } from 'graphql-ws'
import { readFile } from 'node:fs/promises'
import WebSocket from 'ws'
import { watched } from '../graphql-ws/resume.js'
import { ResumingLink } from './resuming-link.js'

const PLACE = gql`
  query Place { viewer { memberships { organisation { id name logCursor } } } }
`
const EVENTS = gql`
  subscription Events($organisation: ID!, $after: Cursor) {
    organisationEvents(organisationId: $organisation, after: $after) {
      __typename id cursor sequence order { id reference }
      ... on SharedOrderChanged { shareStatus: status }
      ... on OrderStatusChanged { orderStatus: status }
    }
  }
`
// Which types an interface stands for: the cache must know it to match fragments.
const possibleTypes = {
  OrderEvent: ['OrderStatusChanged', 'SharedOrderChanged', 'OrderImported', 'MembershipChanged', 'SharePolicyChanged']
}
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

const authorised = new SetContextLink(async () => ({ headers: { authorization: `Bearer ${await token()}` } }))
const link = ApolloLink.split(
  ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
  new ResumingLink(socket, { onBreak: (code) => say({ broke: code }) }),
  authorised.concat(new HttpLink({ uri: API }))
)
const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) })

/** @type {any} */
const { data } = await client.query({ query: PLACE })
const { id: organisation, name, logCursor: after } = data.viewer.memberships[0].organisation
say({ following: name })

const subscription = client.subscribe({ query: EVENTS, variables: { organisation, after } }).subscribe({
  next: (/** @type {any} */ { data, error }) => {
    if (error) {
      console.error('The stream has ended:', error)
      process.exitCode = 1
      return
    }
    show(data.organisationEvents)
  },
  complete: () => say({ completed: true })
})

const stop = () => subscription.unsubscribe()
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
