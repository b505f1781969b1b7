"""OAuth 2.0 and OpenID Connect: the endpoints of a domain and of a pool's issuer.

A face: it parses the form, authenticates the client, asks an operation, and renders. It decides nothing about
what is in a token, and never touches the store. May import: operations, core.

A token request:  parse the form, refuse what is there twice  ->  authenticate the client  ->  check that the
client has the grant  ->  let the grant say what is granted  ->  issue (userpools/machine_tokens.py)  ->  answer.
"""
