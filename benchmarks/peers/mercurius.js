// Mercurius on Fastify, with its JIT compiling a document when it is seen for the second time.
import Fastify from 'fastify'
import { GraphQLScalarType } from 'graphql'
import mercurius from 'mercurius'
import { resolvers, typeDefs } from './orders.js'

const DateTime = new GraphQLScalarType({ name: 'DateTime', serialize: (instant) => instant.toISOString() })

const app = Fastify({ logger: false })
app.register(mercurius, { schema: typeDefs, resolvers: { ...resolvers, DateTime }, jit: 1 })
await app.listen({ host: '127.0.0.1', port: Number(process.env.BENCHMARK_PORT) })
