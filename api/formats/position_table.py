"""Positions as rows of a file."""

from api.formats.tables import Column
from projections.positions import Position

COLUMNS: list[Column[Position]] = [
    Column("Title", lambda position: position.title),
    Column("Location", lambda position: position.location),
    Column("Remote", lambda position: position.remote),
    Column("Salary from", lambda position: position.salary and position.salary.minimum),
    Column("Salary to", lambda position: position.salary and position.salary.maximum),
    Column("Currency", lambda position: position.salary and position.salary.currency),
    Column("Per", lambda position: position.salary and position.salary.per),
    Column("Opened (UTC)", lambda position: position.opened_at),
    Column("Closes (UTC)", lambda position: position.closes_at),
    Column("Closed (UTC)", lambda position: position.closed_at),
]
