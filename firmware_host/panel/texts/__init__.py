"""The panel's texts in other languages: gettext catalogs, extracted from the sources and served to the page as JSON."""
