"""Signing in: what is asked (`asking`), how an answer is proven (`answering`), and what follows (`going_on`).

What follows what is decided in `core.sign_in` alone. A step's answer and the next step are one transaction: of two
requests that answer one step, on whichever nodes, one goes on.
"""
