// The exchange of urql for subscriptions that go on after the last event whenever something breaks.
import { subscriptionExchange } from '@urql/core'
import { resume } from '../graphql-ws/resume.js'

/**
 * @param {import('graphql-ws').Client} client with `retryAttempts: 0`
 * @param {import('../graphql-ws/resume.js').Options} [options]
 */
export const resumingExchange = (client, options) =>
  subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe: (sink) => ({
        unsubscribe: resume(client, { query, variables: variables ?? {} }, sink, options)
      })
    })
  })
