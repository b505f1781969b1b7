"""Poolhouse: an identity server that speaks Amazon Cognito's own API."""

__version__ = "0.1.0"
