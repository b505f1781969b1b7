"""What people cost, each thing beside its unit: signing in, refreshing, being listed, and what a flood does to others.

`python -m bench --people` starts four servers, on SQLite and on PostgreSQL, with few people and with very many, and
drives them in turn.

crowd.py      a pool with people in it, written in bulk
engines.py    the servers
units.py      the units: a password's hash, SRP's powers, a committed transaction, signatures
requests.py   what is asked
dialogues.py  what the load generator does with an answer: SRP's claim, the next refresh token
scenarios.py  the measurements, one function each
results.py    what was measured, as plain values
report.py     the figures as tables, as JSON and in docs/performance.md
"""
