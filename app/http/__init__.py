"""HTTP: the protocol of a connection, and what requests and responses say of media types."""
