// GraphQL Yoga on Node's own HTTP server. It caches parsed and validated documents by itself.
import { createServer } from 'node:http'
import { GraphQLScalarType } from 'graphql'
import { createSchema, createYoga } from 'graphql-yoga'
import { resolvers, typeDefs } from './orders.js'

const DateTime = new GraphQLScalarType({ name: 'DateTime', serialize: (instant) => instant.toISOString() })

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: { ...resolvers, DateTime } }),
  graphiql: false,
  landingPage: false,
  logging: false
})
createServer(yoga).listen(Number(process.env.BENCHMARK_PORT), '127.0.0.1')
