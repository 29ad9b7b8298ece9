// Apollo Client with automatic persisted queries: it sends the SHA-256 of a document, and the document where the server
// does not know it yet.
import { createHash } from 'node:crypto'
import { gql } from '@apollo/client'
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { httpLink, openClient } from '../apollo.js'
import { CLAIM, WHO } from '../documents.js'
import { API, FIRST_TOKEN, recordingFetch, say } from '../program.js'

const sha256 = (document) => createHash('sha256').update(document).digest('hex')

function open(options) {
  const network = httpLink(API, FIRST_TOKEN, { fetch: recordingFetch(say) })
  return openClient(createPersistedQueryLink({ sha256, ...options }).concat(network))
}

async function ask(client) {
  const { data } = await client.query({ query: gql(WHO) })
  say({ user: data.viewer.user.reference })
}

// The first that asks has to send the document, the others not any more.
await ask(open())
await ask(open())
// The hash in an address is what a cache can keep.
await ask(open({ useGETForHashedQueries: true }))

const input = { sharedOrderId: 'SharedOrder_nowhere' }
const { data } = await open().mutate({ mutation: gql(CLAIM), variables: { input } })
say({ codes: data.claimSharedOrder.userErrors.map(({ code }) => code) })
