// urql with automatic persisted queries: it sends the SHA-256 of a document, and the document where the server does not
// know it yet.
import { createHash } from 'node:crypto'
import { persistedExchange } from '@urql/exchange-persisted'
import { CLAIM, WHO } from '../documents.js'
import { API, FIRST_TOKEN, recordingFetch, say } from '../program.js'
import { openClient } from '../urql.js'

const generateHash = async (document) => createHash('sha256').update(document).digest('hex')

const open = (options) =>
  openClient(API, FIRST_TOKEN, [persistedExchange({ generateHash, enableForMutation: true, ...options })], {
    fetch: recordingFetch(say),
    preferGetMethod: false
  })

async function ask(client) {
  const { data, error } = await client.query(WHO, {})
  if (error) throw error
  say({ user: data.viewer.user.reference })
}

// The first that asks has to send the document, the others not any more. The hash goes into an address, which a cache
// can keep, or into a body.
await ask(open())
await ask(open())
await ask(open({ preferGetForPersistedQueries: false }))

const input = { sharedOrderId: 'SharedOrder_nowhere' }
const { data } = await open().mutation(CLAIM, { input })
say({ codes: data.claimSharedOrder.userErrors.map(({ code }) => code) })
