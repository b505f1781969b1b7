"""What a token costs, measured beside the bare signature, a bare handler and a peer.

`python -m bench` starts each server on a free loopback port, drives them in turn, round after round in one run,
and reports ratios: the figures of two machines differ, their ratios hardly.

__main__.py     the command: what is run, for how long
scenarios.py    the measurements, one function each
contestants.py  the servers, each started with one client that may get a token
fill.py         a database with many pools and clients
signature.py    the unit: one bare RSA-2048 signature
driver.py       runs the load generator (load.py, a process of its own) and checks the tokens it brings back
processes.py    starting, watching and ending the servers
report.py       the figures as a table, as JSON and in docs/performance.md
people/         what people cost: signing in, refreshing, being listed
"""
