"""Find the texts of the hosted pages, and give each language's catalogue those that are new to it.

`make texts` runs this. It writes src/poolhouse/pages/locales/{language}.po: what is translated stays, what nobody
says any more goes, what is new is there without a translation. tests/browser/test_texts.py says what is missing.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "src" / "poolhouse" / "pages"
LOCALES = PAGES / "locales"
METHODS = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
KEYWORDS = {"_": None, "N_": None}


def found() -> Catalog:
    """Every text that templates and code mark, in the order in which they stand."""
    catalogue = Catalog(project="Poolhouse", charset="utf-8")
    options = {"templates/**.html": {"trimmed": "true"}}
    for file, _, text, _, _ in extract_from_dir(PAGES, METHODS, options, KEYWORDS):
        catalogue.add(text, locations=[(file, None)])
    return catalogue


def main() -> int:
    sys.path.insert(0, str(ROOT / "src"))
    from poolhouse.pages.texts import ENGLISH, LANGUAGES

    template = found()
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        file = LOCALES / f"{language}.po"
        old = Catalog(charset="utf-8")
        if file.exists():
            with file.open("rb") as lines:
                old = read_po(lines)
        new = Catalog(project="Poolhouse", charset="utf-8")
        for message in template:
            if message.id:
                known = old.get(message.id)
                new.add(message.id, known.string if known else "", locations=message.locations)
        written = io.BytesIO()
        # Without a header: its dates would differ with every run.
        write_po(written, new, width=110, omit_header=True, include_lineno=False)
        file.write_text(HEADER.format(language=language) + written.getvalue().decode())
        missing = sum(not message.string for message in new if message.id)
        print(f"{file.relative_to(ROOT)}: {missing} to translate")
    return 0


HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


if __name__ == "__main__":
    sys.exit(main())
