"""The marketplace over HTTP and on the command line, and where all its parts are put together."""
