"""One repository per aggregate, named in the plural after what it holds.

The verbs are get (raises, in Cognito's words), find (None), add, replace (compare-and-set on the version), remove,
page and count. Uniqueness is the index's business, never a read before. What changes something that a cache
may hold appends to `changes` here, so that no caller can forget it. A refused `add` leaves the transaction
whole, so the unit of work may go on.
"""
