"""People of an old user table, who become people of the pool when they first sign in, or forget their password.

Standard library only. The same file runs in AWS Lambda. Where the old table is, is in the environment: OLD_DATABASE, a
SQLite file with `person (name, email, given_name, salt, hash)`; the hash is PBKDF2-HMAC-SHA256. Put your own directory
in the place of `find` and `is_right`.
"""

import hashlib
import hmac
import os
import sqlite3

ROUNDS = 200_000


def user_migration(event, context):
    """Who throws says no: of a wrong password and of nobody, in the same words and the same time."""
    person = find(event["userName"])
    if event["triggerSource"] == "UserMigration_Authentication":
        is_theirs = is_right(person, event["request"]["password"])
    else:
        is_theirs = person is not None  # they forgot it: a code goes to the address below
    if not is_theirs:
        raise PermissionError("no")
    event["response"]["userAttributes"] = {
        "email": person["email"],
        # Only if the old application has proved it: a code that sets a new password goes there.
        "email_verified": "true",
        "given_name": person["given_name"],
    }
    if event["triggerSource"] == "UserMigration_Authentication":
        event["response"]["finalUserStatus"] = "CONFIRMED"
    event["response"]["messageAction"] = "SUPPRESS"
    return event


def find(name):
    database = sqlite3.connect(f"file:{os.environ['OLD_DATABASE']}?mode=ro", uri=True)
    try:
        database.row_factory = sqlite3.Row
        return database.execute("SELECT * FROM person WHERE name = ?", (name,)).fetchone()
    finally:
        database.close()


def is_right(person, password):
    salt, expected = (b"nobody's salt", b"") if person is None else (person["salt"], person["hash"])
    return hmac.compare_digest(hash_of(password, salt), expected)


def hash_of(password, salt):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
