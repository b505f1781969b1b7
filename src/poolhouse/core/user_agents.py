"""What a device is called, by what its browser says of itself: `Chrome 126, Windows 10`."""

from __future__ import annotations

import re

OTHER = "Other"
_BROWSERS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        # Those that call themselves Chrome or Safari too come first.
        ("Edge", r"\bEdg(?:e|A|iOS)?/(\d{1,4})"),
        ("Opera", r"\b(?:OPR|Opera)/(\d{1,4})"),
        ("Samsung Internet", r"\bSamsungBrowser/(\d{1,4})"),
        ("Firefox", r"\b(?:Firefox|FxiOS)/(\d{1,4})"),
        ("Chrome", r"\b(?:Chrome|CriOS)/(\d{1,4})"),
        ("Safari", r"\bVersion/(\d{1,4})[\d.]* (?:Mobile/\w{1,16} )?Safari/"),
    )
)
_SYSTEMS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Windows 10", r"\bWindows NT 10\.0"),
        ("Windows", r"\bWindows\b"),
        ("iOS {}", r"\b(?:iPhone|iPad|iPod)\b.{0,40}?\bOS (\d{1,3})_"),
        ("iOS", r"\b(?:iPhone|iPad|iPod)\b"),
        ("Android {}", r"\bAndroid (\d{1,3})"),
        ("Android", r"\bAndroid\b"),
        ("Mac OS X {}", r"\bMac OS X (\d{1,3})[_.]"),
        ("Mac OS X", r"\bMacintosh\b"),
        ("Chrome OS", r"\bCrOS\b"),
        ("Linux", r"\bLinux\b"),
    )
)


def device_name(user_agent: str) -> str:
    """Browser and system, `Other` for what is not known.

    Source: Cognito developer guide, "Exporting logs": `Chrome 126, Windows 10`; `Other, Other`.
    """
    return f"{_browser(user_agent)}, {_system(user_agent)}"


def _browser(user_agent: str) -> str:
    for name, pattern in _BROWSERS:
        if found := pattern.search(user_agent):
            return f"{name} {found[1]}"
    return OTHER


def _system(user_agent: str) -> str:
    for name, pattern in _SYSTEMS:
        if found := pattern.search(user_agent):
            return name.format(*found.groups())
    return OTHER
