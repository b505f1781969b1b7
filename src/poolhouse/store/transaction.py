"""The transaction: the repositories, over one connection, for one unit of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from poolhouse.store.changes import Changes
from poolhouse.store.keyring import Keyring
from poolhouse.store.repositories.access_keys import AccessKeys
from poolhouse.store.repositories.attempts import Attempts
from poolhouse.store.repositories.audit import Audit
from poolhouse.store.repositories.auth_events import AuthEvents
from poolhouse.store.repositories.authorization_codes import AuthorizationCodes
from poolhouse.store.repositories.branding import Branding
from poolhouse.store.repositories.browser_sessions import BrowserSessions
from poolhouse.store.repositories.client_secrets import ClientSecrets
from poolhouse.store.repositories.clients import Clients
from poolhouse.store.repositories.codes import Codes
from poolhouse.store.repositories.consents import Consents
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.repositories.devices import Devices
from poolhouse.store.repositories.dispatches import Dispatches
from poolhouse.store.repositories.domains import Domains
from poolhouse.store.repositories.families import Families
from poolhouse.store.repositories.groups import Groups
from poolhouse.store.repositories.identity_providers import IdentityProviders
from poolhouse.store.repositories.inbox import Inbox
from poolhouse.store.repositories.known_places import KnownPlaces
from poolhouse.store.repositories.leases import Leases
from poolhouse.store.repositories.memberships import Memberships
from poolhouse.store.repositories.outbox import Outbox
from poolhouse.store.repositories.passkeys import Passkeys
from poolhouse.store.repositories.passwords import Passwords
from poolhouse.store.repositories.people import People
from poolhouse.store.repositories.pools import Pools
from poolhouse.store.repositories.provider_keys import ProviderKeys
from poolhouse.store.repositories.resource_servers import ResourceServers
from poolhouse.store.repositories.server_facts import ServerFacts
from poolhouse.store.repositories.sessions import Sessions
from poolhouse.store.repositories.signing_keys import SigningKeys
from poolhouse.store.repositories.terms import TermsDocuments
from poolhouse.store.repositories.totp import Totp
from poolhouse.store.repositories.ui_customizations import UiCustomizations
from poolhouse.store.repositories.unused_verifiers import UnusedVerifiers
from poolhouse.store.repositories.used_once import UsedOnce
from poolhouse.store.repositories.user_identities import UserIdentities
from poolhouse.store.repositories.user_listing import UserListing
from poolhouse.store.repositories.users import Users


class Transaction:
    """What a unit of work gets. It is used within the function that it was given to, and not after."""

    __slots__ = (
        "access_keys",
        "attempts",
        "audit",
        "auth_events",
        "authorization_codes",
        "branding",
        "browser_sessions",
        "changes",
        "client_secrets",
        "clients",
        "codes",
        "connection",
        "consents",
        "data_keys",
        "devices",
        "dispatches",
        "domains",
        "families",
        "groups",
        "identity_providers",
        "inbox",
        "known_places",
        "leases",
        "memberships",
        "outbox",
        "passkeys",
        "passwords",
        "people",
        "pools",
        "provider_keys",
        "resource_servers",
        "server",
        "sessions",
        "signing_keys",
        "terms",
        "totp",
        "ui_customizations",
        "unused_verifiers",
        "used_once",
        "user_identities",
        "user_listing",
        "users",
    )

    def __init__(self, connection: sa.Connection, keyring: Keyring, now: Callable[[], datetime]) -> None:
        self.connection = connection
        self.changes = Changes(connection, now)
        self.data_keys = DataKeys(connection, keyring)
        self.pools = Pools(connection, self.changes, self.data_keys)
        self.clients = Clients(connection, self.changes)
        self.client_secrets = ClientSecrets(connection, self.changes, self.data_keys)
        self.resource_servers = ResourceServers(connection, self.changes)
        self.domains = Domains(connection, self.changes)
        self.groups = Groups(connection)
        self.users = Users(connection)
        self.user_listing = UserListing(connection)
        self.passkeys = Passkeys(connection)
        self.passwords = Passwords(connection, self.data_keys)
        self.people = People(connection, self.users, self.passwords)
        self.unused_verifiers = UnusedVerifiers(connection, self.clients, self.passwords)
        self.memberships = Memberships(connection)
        self.families = Families(connection, self.data_keys)
        self.codes = Codes(connection, self.data_keys)
        self.outbox = Outbox(connection, self.data_keys)
        self.inbox = Inbox(connection, self.data_keys)
        self.totp = Totp(connection, self.data_keys)
        self.devices = Devices(connection, self.data_keys)
        self.attempts = Attempts(connection)
        self.sessions = Sessions(connection, self.data_keys)
        self.browser_sessions = BrowserSessions(connection)
        self.authorization_codes = AuthorizationCodes(connection)
        self.used_once = UsedOnce(connection)
        self.branding = Branding(connection)
        self.ui_customizations = UiCustomizations(connection)
        self.terms = TermsDocuments(connection)
        self.consents = Consents(connection)
        self.signing_keys = SigningKeys(connection, self.changes, self.data_keys)
        self.provider_keys = ProviderKeys(connection, self.data_keys)
        self.identity_providers = IdentityProviders(connection, self.data_keys)
        self.user_identities = UserIdentities(connection)
        self.access_keys = AccessKeys(connection, self.changes, self.data_keys)
        self.dispatches = Dispatches(connection)
        self.audit = Audit(connection, self.users, self.dispatches)
        self.auth_events = AuthEvents(connection)
        self.known_places = KnownPlaces(connection)
        self.leases = Leases(connection)
        self.server = ServerFacts(connection, self.data_keys)
