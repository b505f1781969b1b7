"""The transaction: the repositories, over one connection, for one unit of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

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

Made = TypeVar("Made")


class _OnceAskedFor(Generic[Made]):
    """An attribute of a transaction that is made when it is first asked for, and kept.

    There are many repositories, and most transactions want two or three: to make all of them each time would cost
    more than a row by its key. (`functools.cached_property` takes a lock besides.)
    """

    def __init__(self, make: Callable[[Transaction], Made]) -> None:
        self._make = make

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, tx: Transaction, _: type) -> Made:
        # From now on the instance's own attribute is found, and not this.
        made = tx.__dict__[self._name] = self._make(tx)
        return made


class Transaction:
    """What a unit of work gets. It is used within the function that it was given to, and not after."""

    def __init__(self, connection: sa.Connection, keyring: Keyring, now: Callable[[], datetime]) -> None:
        self.connection = connection
        self._keyring = keyring
        self.changes = Changes(connection, now)

    data_keys = _OnceAskedFor(lambda tx: DataKeys(tx.connection, tx._keyring))
    pools = _OnceAskedFor(lambda tx: Pools(tx.connection, tx.changes, tx.data_keys))
    clients = _OnceAskedFor(lambda tx: Clients(tx.connection, tx.changes))
    client_secrets = _OnceAskedFor(lambda tx: ClientSecrets(tx.connection, tx.changes, tx.data_keys))
    resource_servers = _OnceAskedFor(lambda tx: ResourceServers(tx.connection, tx.changes))
    domains = _OnceAskedFor(lambda tx: Domains(tx.connection, tx.changes))
    groups = _OnceAskedFor(lambda tx: Groups(tx.connection))
    users = _OnceAskedFor(lambda tx: Users(tx.connection))
    user_listing = _OnceAskedFor(lambda tx: UserListing(tx.connection))
    passkeys = _OnceAskedFor(lambda tx: Passkeys(tx.connection))
    passwords = _OnceAskedFor(lambda tx: Passwords(tx.connection, tx.data_keys))
    people = _OnceAskedFor(lambda tx: People(tx.connection, tx.users, tx.passwords))
    unused_verifiers = _OnceAskedFor(lambda tx: UnusedVerifiers(tx.connection, tx.clients, tx.passwords))
    memberships = _OnceAskedFor(lambda tx: Memberships(tx.connection))
    families = _OnceAskedFor(lambda tx: Families(tx.connection, tx.data_keys))
    codes = _OnceAskedFor(lambda tx: Codes(tx.connection, tx.data_keys))
    outbox = _OnceAskedFor(lambda tx: Outbox(tx.connection, tx.data_keys))
    inbox = _OnceAskedFor(lambda tx: Inbox(tx.connection, tx.data_keys))
    totp = _OnceAskedFor(lambda tx: Totp(tx.connection, tx.data_keys))
    devices = _OnceAskedFor(lambda tx: Devices(tx.connection, tx.data_keys))
    attempts = _OnceAskedFor(lambda tx: Attempts(tx.connection))
    sessions = _OnceAskedFor(lambda tx: Sessions(tx.connection, tx.data_keys))
    browser_sessions = _OnceAskedFor(lambda tx: BrowserSessions(tx.connection))
    authorization_codes = _OnceAskedFor(lambda tx: AuthorizationCodes(tx.connection))
    used_once = _OnceAskedFor(lambda tx: UsedOnce(tx.connection))
    branding = _OnceAskedFor(lambda tx: Branding(tx.connection))
    ui_customizations = _OnceAskedFor(lambda tx: UiCustomizations(tx.connection))
    terms = _OnceAskedFor(lambda tx: TermsDocuments(tx.connection))
    consents = _OnceAskedFor(lambda tx: Consents(tx.connection))
    signing_keys = _OnceAskedFor(lambda tx: SigningKeys(tx.connection, tx.changes, tx.data_keys))
    provider_keys = _OnceAskedFor(lambda tx: ProviderKeys(tx.connection, tx.data_keys))
    identity_providers = _OnceAskedFor(lambda tx: IdentityProviders(tx.connection, tx.data_keys))
    user_identities = _OnceAskedFor(lambda tx: UserIdentities(tx.connection))
    access_keys = _OnceAskedFor(lambda tx: AccessKeys(tx.connection, tx.changes, tx.data_keys))
    dispatches = _OnceAskedFor(lambda tx: Dispatches(tx.connection))
    audit = _OnceAskedFor(lambda tx: Audit(tx.connection, tx.users, tx.dispatches))
    auth_events = _OnceAskedFor(lambda tx: AuthEvents(tx.connection))
    known_places = _OnceAskedFor(lambda tx: KnownPlaces(tx.connection))
    leases = _OnceAskedFor(lambda tx: Leases(tx.connection))
    server = _OnceAskedFor(lambda tx: ServerFacts(tx.connection, tx.data_keys))
