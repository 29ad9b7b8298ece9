import type { CodegenConfig } from '@graphql-codegen/cli'

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/documents.ts'],
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // Documents as strings: what runs needs no library of GraphQL.
        documentMode: 'string',
        strictScalars: true,
        scalars: { ID: 'string', Cursor: 'string', DateTime: 'string' },
        enumType: 'string-literal',
        useTypeImports: true
      }
    }
  },
  // TypeScript resolves modules as Node.js does: by the name of the file that runs.
  importExtension: '.js'
}

export default config
