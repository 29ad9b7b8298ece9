// Apollo Client, subscriptions over a WebSocket by graphql-ws.
import { splitLink, terminal } from '../apollo.js'

export const open = (api, token) => terminal(splitLink(api, token))
