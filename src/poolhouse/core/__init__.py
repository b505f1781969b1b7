"""The rules, without I/O.

Everything here is a value or a pure function of values: no clock, no randomness, no network and no
database of its own. The room imports nothing of Poolhouse but `shapes` (types of the AWS documents).
Nothing in it awaits.
"""
