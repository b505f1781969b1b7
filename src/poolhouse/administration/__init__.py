"""Poolhouse's own operations (the service `poolhouse`): access keys, signing keys, and what Cognito has no field for.

They are operations like those of user pools, of a service model of their own, so the same validation, signatures
and policies guard them. May import: operation, core, store, ports, shapes.
"""
