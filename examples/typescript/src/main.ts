// Lists, shares, claims and processes an order between two terminals, and shows what a refusal looks like.
import { readFile } from 'node:fs/promises'
import { Terminal, explain } from './terminal.js'

const { API = 'http://127.0.0.1:8000/graphql', TOKEN_FILE = 'token', SECOND_TOKEN_FILE = 'second-token' } = process.env

const open = async (file: string) => new Terminal(API, (await readFile(file, 'utf8')).trim())
const [first, second, reference] = [await open(TOKEN_FILE), await open(SECOND_TOKEN_FILE), process.argv[2]]

const [organisation] = await first.whereIAm()
const [theirs] = await second.whereIAm()
if (!organisation || !theirs || !reference) throw new Error('npm start REFERENCE, as two members of an organisation')

for await (const { reference, title, status, type, owner } of first.orders(organisation.id))
  console.log(`${type.priority} ${type.name}: ${reference} "${title}" of ${owner.name} is ${status}`)

let order
for await (const each of first.orders(organisation.id)) if (each.reference === reference) order = each
if (!order) throw new Error(`${reference} cannot be shared.`)

const recipientIds = organisation.members.nodes
  .filter(({ user }) => process.argv.slice(3).includes(user.reference))
  .map(({ user }) => user.id)
const { sharedOrders, refused } = await first.share({ orderId: order.id, recipientIds, permission: 'PROCESS' })
for (const { status, recipient } of sharedOrders) console.log(`${status} to ${recipient.name}`)
for (const refusal of refused) console.log(`Refused at ${refusal.path.join('.')}: ${refusal.code}. ${explain(refusal)}`)

for (const { id } of sharedOrders) {
  const claimed = await second.claim({ sharedOrderId: id })
  console.log('done' in claimed ? claimed.done.status : claimed.refused.map(explain).join(' '))

  for (const action of ['REPORT_LOSS', 'SUSPEND'] as const) {
    const processed = await second.process({ orderId: id, action, expectedVersion: order.version })
    console.log('done' in processed ? processed.done.status : processed.refused.map(explain).join(' '))
  }
}
