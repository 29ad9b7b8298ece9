// urql, subscriptions over a WebSocket by graphql-ws; its queries are GET requests where they fit into an address.
import { openClient, socketExchange, terminal } from '../urql.js'

export const open = (api, token) => terminal(openClient(api, token, [socketExchange(api, token)]))
