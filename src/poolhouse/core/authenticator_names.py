"""What a passkey is called in its owner's list: the keeper that made it, where it says which it is."""

from __future__ import annotations

NAMES = {
    "fbfc3007154e4ecc8c0b6e020557d7bd": "iCloud Keychain",
    "dd4ec289e01d41c9bb8970fa845d4bf2": "iCloud Keychain (managed)",
    "ea9b8d664d011d213ce4b6b48cb575d4": "Google Password Manager",
    "adce000235bcc60a648b0b25f1f05503": "Chrome on Mac",
    "08987058cadc4b81b6e130de50dcbe96": "Windows Hello",
    "9ddd1817af5a4672a2b93e3dd95000a9": "Windows Hello",
    "6028b017b1d44c02b4b3afcdafc96bb2": "Windows Hello",
    "bada5566a7aa401fbd9645619a55120d": "1Password",
    "d548826e79b4db40a3d811116f7e8349": "Bitwarden",
    "531126d6e717415c93203d9aa6981239": "Dashlane",
    "b84e404815dc4dd08640f4f60813c8af": "NordPass",
    "0ea242b443c44a1b8b17dd6d0b6baec6": "Keeper",
    "50726f746f6e5061737350726f746f6e": "Proton Pass",
    "fdb141b25d84443e8a354698c205a502": "KeePassXC",
    "53414d53554e47000000000000000000": "Samsung Pass",
}
"""By AAGUID. Source: the passkey providers' list, github.com/passkeydeveloper/passkey-authenticator-aaguids."""
SECURITY_KEY = "Security key"
PASSKEY = "Passkey"


def friendly_name(aaguid: str, attachment: str | None) -> str:
    """For people to tell their passkeys apart; nothing rests on it, since an authenticator may claim any AAGUID."""
    name = NAMES.get(aaguid)
    if name is None:
        return SECURITY_KEY if attachment == "cross-platform" else PASSKEY
    return name
