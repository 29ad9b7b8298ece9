// The audits of graphql-http: what the specification "GraphQL over HTTP" asks of a server, as it MUST, SHOULD or MAY.
import { auditServer } from 'graphql-http'
import { API, FIRST_TOKEN, bearer, say } from './program.js'

const fetchFn = (url, init = {}) => fetch(url, { ...init, headers: { ...init.headers, authorization: bearer(FIRST_TOKEN) } })

for (const { id, name, status, reason, response } of await auditServer({ url: API, fetchFn })) {
  if (status === 'ok') say({ id, name, passed: true })
  else say({ id, name, passed: false, reason, status: response.status, body: response.bodyUsed ? null : await response.text() })
}
