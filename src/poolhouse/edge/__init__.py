"""Where HTTP comes in: listeners and their limits, addresses, request ids, the access log, health, metrics.

A request:  protocol.py (framing, sizes, slow senders)  ->  application.py (id, body, log)  ->  addresses.py
(which face)  ->  a face  ->  back out. The edge decides nothing about pools and clients. May import the faces.
"""
