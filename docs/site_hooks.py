"""What the site needs beyond the pages of docs/: pages from elsewhere in the repository, and links that lead to them.

mkdocs calls the functions `on_...`. Pages from outside of docs/ keep their path, such as SERVING.md. The notebooks
are shown with the outputs that they were committed with; nothing is executed.
"""

import pathlib
import posixpath
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = ("SERVING.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
# Fenced code, in which brackets are no links; then a link or a picture: text, target, anchor.
CODE_OR_LINK = re.compile(
    r"(?P<code>^```.*?^```|`[^`\n]*`)|(?P<link>(?P<head>!?\[[^\]]*\]\()(?P<target>[^)#\s]*)(?P<end>[^)]*\)))",
    re.DOTALL | re.MULTILINE,
)


def on_files(files, config):
    """Add the pages and notebooks from outside of docs/."""
    for path in PAGES:
        files.append(File.generated(config, path, content=(ROOT / path).read_text(encoding="utf-8")))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text, pictures = notebook_page(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        for name, content in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def notebook_page(path):
    """Markdown of a notebook with its outputs, and its pictures by name."""
    from nbconvert import MarkdownExporter

    text, resources = MarkdownExporter().from_filename(str(path))
    pictures = {f"{path.stem}_{name}": content for name, content in resources["outputs"].items()}
    for name in resources["outputs"]:
        text = text.replace(f"]({name})", f"]({path.stem}_{name})")
    # Progress bars and coloured text are made for a terminal.
    return re.sub(r"\x1b\[[0-9;]*m", "", text), pictures


def on_page_markdown(markdown, page, config, files):
    """Make links that leave docs/ in the repository lead to pages of the site; to what has no page there is no link."""
    return CODE_OR_LINK.sub(lambda found: _on_site(found, page.file.src_uri, files), markdown)


def _on_site(found, here, files):
    target = found["target"]
    if found["code"] or not target or re.match(r"[a-z]+:", target):
        return found[0]
    in_docs = (ROOT / "docs" / here).exists()
    place = posixpath.normpath(posixpath.join("docs" if in_docs else "", posixpath.dirname(here), target))
    page = re.sub(r"^docs/", "", re.sub(r"\.ipynb$", ".md", place))
    page = {"README.md": "index.md", "benchmarks": "benchmarks/README.md"}.get(page, page)
    if files.get_file_from_path(page) is not None:
        return found["head"] + posixpath.relpath(page, posixpath.dirname(here) or ".") + found["end"]
    if (ROOT / place).exists():  # Code, say: it has a place in the repository and none on the site.
        return found["head"].lstrip("!")[1:-2]
    return found[0]
