"""The AWS face: AWS JSON 1.1 as the SDKs speak it, and the little of STS that they ask first.

It parses and renders and decides nothing. A request passes through these rooms, in this order:

    face        dispatch on X-Amz-Target, the order of the checks, the envelope of answers and errors
    sigv4       who signed it
    policies    whether that key may do this to that resource
    validation  the request against the service model, in AWS's words
    targets     the function that does it

`model` reads the service descriptions: botocore's data files for Cognito, our own for `poolhouse`.
May import the operations, `operation`, `core` and `shapes`; never the store.
"""
