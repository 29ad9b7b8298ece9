// The way that an order goes between two terminals: listed, shared, claimed, processed, heard of at the other terminal.
// `node journey.js NAME` goes it with the client that terminals/NAME.js opens.
import { CLAIM, EVENTS, ORDERS, PROCESS, SHARE } from './documents.js'
import { API, FIRST_TOKEN, SECOND_TOKEN, say } from './program.js'

const { open } = await import(`./terminals/${process.argv[2]}.js`)
const first = open(API, FIRST_TOKEN)
const second = open(API, SECOND_TOKEN)

async function ask(terminal, document, variables) {
  const { data, errors } = await terminal.ask(document, variables)
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

async function hear(stream) {
  const { data, errors } = (await stream.next()).value
  if (errors) throw new Error(JSON.stringify(errors))
  return data.organisationEvents
}

// The first terminal looks for an order to share, and for somebody to share it with.
const listed = await ask(first, ORDERS, { search: 'O-owner' })
const [{ organisation }] = listed.viewer.memberships
const [order] = organisation.orders.nodes
const [recipient] = organisation.members.nodes
say({
  listed: organisation.orders.totalCount,
  order: order.id,
  reference: order.reference,
  owner: order.owner.reference,
  status: order.status,
  version: order.version
})

// Both listen from the place in the log that came with the list, so that nothing is missed in between.
const variables = { organisation: organisation.id, after: organisation.logCursor }
const firstHears = first.listen(EVENTS, variables)
const secondHears = second.listen(EVENTS, variables)

const instruction = { orderId: order.id, recipientIds: [recipient.user.id], permission: 'PROCESS' }
const { shareOrder } = await ask(first, SHARE, { input: instruction })
say({ shared: shareOrder.sharedOrders.map((each) => [each.recipient.reference, each.status, each.permission]) })

// The second terminal hears that it may claim, and which.
const offer = await hear(secondHears)
say({ 'second hears': [offer.sequence, offer.shareStatus, offer.sharedOrder.recipient.reference] })

const { claimSharedOrder } = await ask(second, CLAIM, { input: { sharedOrderId: offer.sharedOrder.id } })
say({ claimed: claimSharedOrder.sharedOrder.status, codes: claimSharedOrder.userErrors.map(({ code }) => code) })

const result = { orderId: offer.sharedOrder.id, action: 'REPORT_LOSS', expectedVersion: order.version }
const { processOrder } = await ask(second, PROCESS, { input: result })
say({ processed: processOrder.order.id, status: processOrder.order.status, version: processOrder.order.version })

// The first terminal hears all that has happened.
for (const heard of [await hear(firstHears), await hear(firstHears)]) {
  say({ 'first hears': [heard.sequence, heard.shareStatus] })
}
const changed = await hear(firstHears)
say({
  'first hears': [changed.sequence, changed.orderStatus, changed.reason.via, changed.reason.action],
  order: changed.order.id,
  version: changed.order.version
})

// A result that was decided on an old picture changes nothing, and says what the picture is now.
const late = { orderId: order.id, action: 'ENDORSE', expectedVersion: order.version }
const [refusal] = (await ask(first, PROCESS, { input: late })).processOrder.userErrors
say({ refused: refusal.code, version: refusal.currentVersion, status: refusal.currentStatus })

await firstHears.return()
await secondHears.return()
await first.close()
await second.close()
