// graphql-ws over ws on Node's own HTTP server. Each subscriber has a queue, and is an async iterator of it.
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const schema = buildSchema(`
  scalar Cursor
  scalar DateTime
  enum OrderStatus { IN_FORCE LOSS_REPORTED }
  type Order { id: ID! reference: String! status: OrderStatus! version: Int! }
  interface OrderEvent {
    id: ID! cursor: Cursor! sequence: Int! occurredAt: DateTime! orderVersion: Int order: Order
  }
  type OrderStatusChanged implements OrderEvent {
    id: ID! cursor: Cursor! sequence: Int! occurredAt: DateTime! orderVersion: Int order: Order
    previousStatus: OrderStatus! status: OrderStatus!
  }
  type Query { subscribers: Int! }
  type Subscription { organisationEvents(organisationId: ID!, after: Cursor): OrderEvent! }
`)

const subscribers = new Set()

async function* follow() {
  let waiting = []
  let wake = () => {}
  const push = (event) => {
    waiting.push(event)
    wake()
  }
  subscribers.add(push)
  try {
    while (true) {
      while (waiting.length === 0) await new Promise((resolve) => (wake = resolve))
      const taken = waiting
      waiting = []
      for (const event of taken) yield { organisationEvents: event }
    }
  } finally {
    subscribers.delete(push)
  }
}

const ORDERS = 100
const plainId = () => randomUUID().replaceAll('-', '')
const orderIds = Array.from({ length: ORDERS }, () => `Order_${plainId()}`)
let published = 0

function publish() {
  const place = published % ORDERS
  const version = 2 + Math.floor(published / ORDERS)
  const [status, previousStatus] = version % 2 ? ['IN_FORCE', 'LOSS_REPORTED'] : ['LOSS_REPORTED', 'IN_FORCE']
  published += 1
  const event = {
    __typename: 'OrderStatusChanged',
    id: `Event_${plainId()}`,
    cursor: randomBytes(33).toString('base64url'),
    sequence: published,
    occurredAt: new Date().toISOString(),
    orderVersion: version,
    order: { id: orderIds[place], reference: `LIVE-00000000-${place}`, status, version },
    previousStatus,
    status
  }
  for (const push of subscribers) push(event)
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1')
  if (request.method !== 'POST' || url.pathname !== '/publish') {
    response.writeHead(404).end()
    return
  }
  for (let left = Number(url.searchParams.get('count')); left > 0; left -= 1) {
    publish()
    if (url.searchParams.get('together') !== 'true') await new Promise(setImmediate)
  }
  response.end()
})
const roots = { query: { subscribers: () => subscribers.size }, subscription: { organisationEvents: follow } }
useServer({ schema, roots }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(Number(process.env.BENCHMARK_PORT), '127.0.0.1')
