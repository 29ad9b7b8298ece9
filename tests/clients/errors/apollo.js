// Apollo Client: an answer that failed in part, and what comes of requests that cannot be answered.
import { gql } from '@apollo/client'
import { httpLink, openClient } from '../apollo.js'
import { IN_PART, NO_VARIABLE, UNKNOWN_FIELD, WHO } from '../documents.js'
import { API, FIRST_TOKEN, recordingFetch, say } from '../program.js'

const [organisation] = process.argv.slice(2)

let answer
const open = (token) => openClient(httpLink(API, token, { fetch: recordingFetch((seen) => ({ answer } = seen)) }))

const codes = (error) => error?.errors?.map(({ extensions }) => extensions.code)

// Says how a query was answered, and what the client made of that.
async function told(asked, client, document, options) {
  try {
    const { data, error } = await client.query({ query: gql(document), ...options })
    const user = data.viewer.user.reference
    say({ asked, ...answer, user, organisation: data.organisation, fault: error?.name, codes: codes(error) })
  } catch (error) {
    say({ asked, ...answer, thrown: error.name, codes: codes(error) })
  }
}

const client = open(FIRST_TOKEN)
await told('who', client, WHO)
await told('in part, all of it', client, IN_PART, { variables: { organisation }, errorPolicy: 'all' })
await told('in part, whole or not', client, IN_PART, { variables: { organisation }, fetchPolicy: 'network-only' })
await told('unknown field', client, UNKNOWN_FIELD)
await told('no variable', client, NO_VARIABLE)
await told('bad token', open('garbage'), WHO)
