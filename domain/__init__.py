"""The rules of the marketplace: events, aggregates, policies and commands.

Nothing here reads a clock, a database or the network: time and identity come in as values.
"""
