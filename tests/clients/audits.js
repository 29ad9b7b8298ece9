// The audits of graphql-http: what the specification "GraphQL over HTTP" asks of a server, as it MUST, SHOULD or MAY.
import { auditServer } from 'graphql-http'
import { API, FIRST_TOKEN, bearer, say } from './program.js'

const authorization = bearer(FIRST_TOKEN)
const fetchFn = (url, init = {}) => fetch(url, { ...init, headers: { ...init.headers, authorization } })

for (const { id, name, status, reason, response } of await auditServer({ url: API, fetchFn })) {
  say({ id, name, passed: status === 'ok', reason, answered: response?.status })
}
