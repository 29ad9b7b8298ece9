"""WebSockets: connections, sessions of `graphql-transport-ws` over them, and how much each user may hold."""
