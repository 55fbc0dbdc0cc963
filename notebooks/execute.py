"""Execute every notebook of this folder in place; one that fails keeps its old outputs."""

import pathlib
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from keras_vae._files import write_text


def main():
    """Run all notebooks, or those named on the command line; exit code 1 if one fails."""
    folder = pathlib.Path(__file__).parent
    failed = []
    for path in [pathlib.Path(name) for name in sys.argv[1:]] or sorted(folder.glob("*.ipynb")):
        print(f"{path.name} ...", end=" ", flush=True)
        notebook = nbformat.read(path, as_version=4)
        try:
            NotebookClient(
                notebook, timeout=1200, kernel_name="python3", resources={"metadata": {"path": folder}}
            ).execute()
        except CellExecutionError as error:
            failed.append(path.name)
            print(f"failed\n{error}")
            continue
        for cell in notebook.cells:
            # When a cell ran says nothing to a reader and makes every execution a difference.
            cell.metadata.pop("execution", None)
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if not is_bar(output)]
        # Nor does the version of the Python that ran them.
        notebook.metadata.language_info = {"name": "python"}
        write_text(path, nbformat.writes(notebook) + "\n")
        print("done")
    raise SystemExit(1 if failed else 0)


def is_bar(output):
    """Whether an output is what a bar has left: it was there for those who waited."""
    text = output.get("text", "")
    return output.get("name") == "stderr" and ("\r" in text or "%|" in text or not text.strip())


if __name__ == "__main__":
    main()
