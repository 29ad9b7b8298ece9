// What Mercurius and Yoga have in common: the schema, and SQL written by hand over the product's own tables.
// One statement joins the orders of a page with their owners and types; a second reads the first shared orders of
// each of them with their recipients. Both are prepared once for each connection.
import pg from 'pg'

// The driver gives bigint as text unless told otherwise; the amounts here fit a number.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

export const pool = new pg.Pool({ connectionString: process.env.BENCHMARK_DATABASE_URL, max: 16 })

export const typeDefs = `
  scalar DateTime
  type Query { organisation(id: ID!): Organisation }
  type Mutation { claimSharedOrder(input: ClaimSharedOrderInput!): ClaimSharedOrderPayload! }
  input ClaimSharedOrderInput { sharedOrderId: ID! }
  type ClaimSharedOrderPayload { sharedOrder: SharedOrder, userErrors: [UserError!]! }
  type UserError { code: String!, message: String! }
  enum OrderSort { TYPE_PRIORITY }
  type Organisation { id: ID!, orders(first: Int = 50, orderBy: OrderSort = TYPE_PRIORITY): OrderConnection! }
  type OrderConnection { nodes: [Order!]! }
  type Order {
    id: ID!, reference: String!, title: String!, status: String!, version: Int!, premium: Money!, expiresAt: DateTime
    type: OrderType!, owner: User!, sharesClaimed: Int!, maxShares: Int!
    sharedOrders(first: Int = 5): SharedOrderConnection!
  }
  type OrderType { code: String!, name: String! }
  type Money { amountMinor: Int!, currency: String! }
  type User { id: ID!, name: String! }
  type SharedOrderConnection { nodes: [SharedOrder!]! }
  type SharedOrder { id: ID!, status: String!, permission: String!, recipient: User! }
`

const ORDERS = {
  name: 'orders',
  text: `
    SELECT o.id, o.reference, o.title, o.status, o.version, o.premium_minor, o.currency, o.expires_at,
      o.shares_claimed, o.max_shares, t.code, t.name AS type_name, u.id AS owner_id, u.name AS owner_name
    FROM orders o JOIN order_type t ON t.code = o.type_code JOIN app_user u ON u.id = o.owner_id
    WHERE o.organisation_id = $1
    ORDER BY o.type_priority, o.newest_first, o.id LIMIT $2`
}

const SHARED_ORDERS = {
  name: 'shared-orders',
  text: `
    SELECT s.order_id, s.id, s.status, s.permission, u.id AS recipient_id, u.name AS recipient_name
    FROM unnest($1::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
      SELECT * FROM shared_order WHERE order_id = wanted.id ORDER BY id DESC LIMIT 5
    ) AS s
    JOIN app_user u ON u.id = s.recipient_id
    ORDER BY s.order_id, s.id DESC`
}

function toOrder (row, sharedOrders) {
  return {
    id: row.id,
    reference: row.reference,
    title: row.title,
    status: row.status,
    version: row.version,
    premium: { amountMinor: row.premium_minor, currency: row.currency },
    expiresAt: row.expires_at,
    type: { code: row.code, name: row.type_name },
    owner: { id: row.owner_id, name: row.owner_name },
    sharesClaimed: row.shares_claimed,
    maxShares: row.max_shares,
    sharedOrders: { nodes: sharedOrders }
  }
}

async function listOrders (organisationId, first) {
  const { rows } = await pool.query({ ...ORDERS, values: [organisationId, first] })
  const lists = new Map(rows.map((row) => [row.id, []]))
  const shared = await pool.query({ ...SHARED_ORDERS, values: [[...lists.keys()]] })
  for (const { order_id: orderId, id, status, permission, recipient_id: recipientId, recipient_name: name } of shared.rows) {
    lists.get(orderId).push({ id, status, permission, recipient: { id: recipientId, name } })
  }
  return { nodes: rows.map((row) => toOrder(row, lists.get(row.id))) }
}

// The least that is correct: a seat is taken while there is one, by one who was offered it. No log is written.
const TAKE_SEAT = {
  name: 'take-seat',
  text: `
    UPDATE orders SET shares_claimed = shares_claimed + 1
    WHERE id = (SELECT order_id FROM shared_order WHERE id = $1) AND shares_claimed < max_shares`
}
const CLAIM = {
  name: 'claim',
  text: `
    UPDATE shared_order SET status = 'CLAIMED', claimed_at = clock_timestamp()
    WHERE id = $1 AND status = 'OFFERED' AND clock_timestamp() BETWEEN opens_at AND closes_at
    RETURNING id, status, permission`
}

function refusal (code, message) {
  return { sharedOrder: null, userErrors: [{ code, message }] }
}

async function claim (client, id) {
  if ((await client.query({ ...TAKE_SEAT, values: [id] })).rowCount === 0) {
    return refusal('SHARES_EXHAUSTED', 'Every seat of this order is taken.')
  }
  const { rows } = await client.query({ ...CLAIM, values: [id] })
  return rows.length === 0 ? refusal('NOT_OFFERED', 'It is not offered.') : { sharedOrder: rows[0], userErrors: [] }
}

async function claimSharedOrder (_, { input }) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const answer = await claim(client, input.sharedOrderId)
    await client.query(answer.sharedOrder === null ? 'ROLLBACK' : 'COMMIT')
    return answer
  } catch (fault) {
    await client.query('ROLLBACK')
    throw fault
  } finally {
    client.release()
  }
}

export const resolvers = {
  Query: { organisation: (_, { id }) => ({ id }) },
  Organisation: { orders: ({ id }, { first }) => listOrders(id, first) },
  Mutation: { claimSharedOrder }
}
