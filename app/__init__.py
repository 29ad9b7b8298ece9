"""Settings, authentication, the server and the command line."""
