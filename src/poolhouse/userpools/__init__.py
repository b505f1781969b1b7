"""The operations of user pools (`cognito-idp`), one plain function each, one module a capability.

An operation reads, waits, writes and describes: it gets a request that the service model has validated,
checks what the model cannot say, writes in one synchronous function of the transaction, and answers with
the wire's document. It never sees HTTP. May import: operation, core, store, ports, shapes.
"""
