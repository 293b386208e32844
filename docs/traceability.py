"""A hook of the documentation's builder: makes the pages of the hazard analysis and of the evidence."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel

from docs.evidence import figures, pages, sdoc
from docs.evidence.checks import problems
from docs.evidence.model import FOLDER, Model, read

COUNTS = "<!-- how many hazards, requirements and tests -->"
FIGURES = "<!-- the figures that tools wrote -->"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages; a chain that is broken is no evidence, so then nothing is built."""
    root = _root(config)
    model = read(root)
    found = problems(model)
    if found:
        raise PluginError("\n".join(["the chain from hazards to tests is broken:", *found]))
    for name, make in pages.PAGES.items():
        files.append(File.generated(config, f"{name}.md", content=make(model, _intro(root, name))))
    for path in _places(model):
        page = pages.source(path, (root / path).read_text(encoding="utf-8"))
        at = pages.source_page(path)
        files.append(File.generated(config, at, content=page, inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, config: MkDocsConfig, **_: object) -> str:
    """Put the figures where a page asks for them."""
    root = _root(config)
    if COUNTS in markdown:
        markdown = markdown.replace(COUNTS, pages.counts(read(root)))
    if FIGURES in markdown:
        markdown = markdown.replace(FIGURES, figures.markdown(root / "build", root / "docs" / "evidence"))
    return markdown


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent


def _intro(root: Path, name: str) -> str:
    """What the file of the page says of itself; empty if it has none."""
    file = root / FOLDER / f"{name}.sdoc"
    texts = [node.fields["STATEMENT"] for node in sdoc.read(file) if node.tag == "TEXT"] if file.is_file() else []
    return "\n\n".join(texts)


def _places(model: Model) -> list[str]:
    """Every file that a page links to."""
    code = {place.path for one in model.requirements for place in one.code}
    return sorted(code | {test.place.path for test in model.tests})
