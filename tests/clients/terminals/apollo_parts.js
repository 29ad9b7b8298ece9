// Apollo Client with its HttpLink alone: a subscription is answered in parts.
import { httpLink, terminal } from '../apollo.js'

export const open = (api, token) => terminal(httpLink(api, token))
