"""The candidate pool in memory, by columns, so that a position's lists take milliseconds.

`reading` reads the tables, `postings` finds rows by a term, `index` keeps all of it up to date,
`matching` says who is in a list, `ranking` who is likeliest to respond. The index proposes: what
leaves is checked in SQL, at the moment of the query. Decision 25 says why.
"""
