"""People who come from elsewhere: sent to an identity provider, and received again.

    begin.py    a browser is sent to a provider, and what it has to bring back is kept
    oidc.py     what OpenID Connect and OAuth 2.0 providers answer, checked
    saml.py     the same of SAML providers
    arrive.py   somebody whom a provider vouches for becomes a person of the pool, signed in

It sees no HTTP of browsers: `oauth/` reads what they bring, and redirects them.
"""
