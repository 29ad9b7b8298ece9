// urql, subscriptions by its own fetch as Server-Sent Events; its queries are POST requests.
import { openClient, terminal } from '../urql.js'

export const open = (api, token) =>
  terminal(openClient(api, token, [], { fetchSubscriptions: true, preferGetMethod: false }))
