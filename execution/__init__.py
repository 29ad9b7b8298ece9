"""How GraphQL documents are run, whatever the schema; knows nothing of orders."""
