r"""The model's regular expressions: Java's, made into linear ones of ours.

In Java `\w`, `\d` and `\s` are ASCII while `\p{L}` is not; `regex.ASCII` would narrow both, so the classes are
written out instead. A few patterns of the model take quadratic or cubic time on hostile text: each of those
is replaced by an equal one that reads the text once. A test holds every pattern of every model to that.
"""

from __future__ import annotations

import re
from functools import lru_cache

import regex

_TEXT = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]"
_TEXT_AND_SPACE = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]"

_LINEAR = {
    # The tail has no "_", so the last "_" divides or none does.
    r"[\w-]+_[0-9a-zA-Z]+": r"(?>[\w-]+_)[0-9a-zA-Z]++",
    r"[\w-]+_[0-9a-f-]+": r"(?>[\w-]+_)[0-9a-f-]++",
    # One "@" with a character on each side, all of them text: the first such "@" is as good as any.
    rf"{_TEXT}+@{_TEXT}+": rf"(?=(?>(?s:.+?@))(?s:.)){_TEXT}++",
    # `{####}` somewhere. Its own characters are text too, so "all text" and "it is there" are two questions.
    rf"{_TEXT_AND_SPACE}*\{{####\}}{_TEXT_AND_SPACE}*": rf"(?=(?s:.*?)\{{####\}}){_TEXT_AND_SPACE}++",
    r".*\{####\}.*": r"(?=.*?\{####\}).*+",
    # `{##`, and `##}` behind it: the first opening leaves the most room for the closing.
    rf"{_TEXT_AND_SPACE}*\{{##{_TEXT_AND_SPACE}*##\}}{_TEXT_AND_SPACE}*": (
        rf"(?=(?>(?s:.*?)\{{##)(?>(?s:.*?)##\}})){_TEXT_AND_SPACE}++"
    ),
}

_ASCII_CLASSES = {"w": "A-Za-z0-9_", "d": "0-9", "s": r" \t\n\x0b\f\r"}
_TOKEN = re.compile(r"\\(?:[pP]\{[^}]*\}|.)|[\[\]]", re.DOTALL)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> regex.Pattern[str]:
    """The model's pattern, to be used with `fullmatch`."""
    return regex.compile(_with_ascii_classes(_LINEAR.get(pattern, pattern)))


def matches(pattern: str, text: str) -> bool:
    return compiled(pattern).fullmatch(text) is not None


def _with_ascii_classes(pattern: str) -> str:
    r"""`pattern` with `\w`, `\d`, `\s` and their opposites written out, inside brackets and outside."""
    in_brackets = False

    def written_out(token: re.Match[str]) -> str:
        nonlocal in_brackets
        text = token[0]
        if text in ("[", "]"):
            in_brackets = text == "["
            return text
        members = _ASCII_CLASSES.get(text[1].lower())
        if members is None or text[1] in "pP":
            return text
        if text[1].isupper():
            return f"[^{members}]"
        return members if in_brackets else f"[{members}]"

    written = _TOKEN.sub(written_out, pattern)
    # `[\S]` has become `[[^…]]`: a set within a set, as in Java, is what `regex` calls version 1.
    return f"(?V1){written}" if "[[^" in written else written
