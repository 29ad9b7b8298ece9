// urql: an answer that failed in part, and what comes of requests that cannot be answered.
import { IN_PART, NO_VARIABLE, UNKNOWN_FIELD, WHO } from '../documents.js'
import { API, FIRST_TOKEN, recordingFetch, say } from '../program.js'
import { openClient } from '../urql.js'

const [organisation] = process.argv.slice(2)

let seen
const fetch = recordingFetch((exchange) => (seen = exchange))
const open = (token, options) => openClient(API, token, [], { fetch, ...options })

// Says how a query was answered, and what the client made of that.
async function told(asked, client, document, variables = {}) {
  const { data, error } = await client.query(document, variables)
  const codes = error?.graphQLErrors.map(({ extensions }) => extensions.code)
  const { method, answer } = seen
  say({ asked, method, ...answer, user: data?.viewer?.user.reference, organisation: data?.organisation, codes })
}

// A query is a GET request where it fits into an address, or a POST request; both accept streams as well as JSON.
for (const options of [{}, { preferGetMethod: false }]) {
  const client = open(FIRST_TOKEN, options)
  await told('who', client, WHO)
  await told('in part', client, IN_PART, { organisation })
  await told('unknown field', client, UNKNOWN_FIELD)
  await told('no variable', client, NO_VARIABLE)
  await told('bad token', open('garbage', options), WHO)
}
