// PostGraphile 5 with its recommended preset, over the product's own tables as they are.
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString: process.env.BENCHMARK_DATABASE_URL, schemas: ['public'], poolConfig: { max: 16 } })
  ],
  grafserv: { graphiql: false, watch: false },
  grafast: { explain: false }
})
const server = createServer()
await instance.createServ(grafserv).addTo(server)
server.listen(Number(process.env.BENCHMARK_PORT), '127.0.0.1')
