"""What the system stands on: PostgreSQL, event store, projector, settings, keys.

Nothing here knows a rule of the marketplace.
"""
