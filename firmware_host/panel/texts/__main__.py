"""``make texts``: bring the catalogs up to date with the sources, and the page's files with the catalogs."""

import sys

from firmware_host.panel.texts.catalog import (
    LANGUAGES,
    TEMPLATE,
    as_json,
    as_po,
    extract_all,
    json_path,
    messages,
    po_path,
    translations,
    updated,
)


def main() -> int:
    """Write all files; gives 1 if something is not translated yet, and says what."""
    template = extract_all()
    TEMPLATE.write_bytes(as_po(template))
    missing = 0
    for language in LANGUAGES:
        catalog = updated(language, template)
        po_path(language).write_bytes(as_po(catalog))
        json_path(language).write_text(as_json(language, catalog), encoding="utf-8")
        for message in messages(catalog):
            if not all(translations(message)):
                missing += 1
                print(f"{po_path(language).name}: not translated: {message.id}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
