// graphql-sse: a query, and what comes of requests that cannot be answered.
import { createClient } from 'graphql-sse'
import { EVENTS, UNKNOWN_FIELD, WHO } from '../documents.js'
import { API, FIRST_TOKEN, bearer, say } from '../program.js'

const [organisation] = process.argv.slice(2)

const open = (token) => createClient({ url: API, headers: { authorization: bearer(token) }, retryAttempts: 0 })

// What an operation is told, to its end.
async function outcome(client, request) {
  const results = []
  try {
    for await (const result of client.iterate(request)) results.push(result)
  } catch (fault) {
    return { refused: fault.response.status, says: await fault.response.json() }
  }
  return results.map(({ data, errors }) => (errors ? errors.map(({ extensions }) => extensions.code) : data))
}

const client = open(FIRST_TOKEN)
say({ query: await outcome(client, { query: WHO }) })
say({ unknownField: await outcome(client, { query: UNKNOWN_FIELD }) })
say({ nowhere: await outcome(client, { query: EVENTS, variables: { organisation: 'Organisation_nowhere' } }) })
say({ noCursor: await outcome(client, { query: EVENTS, variables: { organisation, after: 'garbage' } }) })
say({ badToken: await outcome(open('garbage'), { query: WHO }) })
client.dispose()
