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
        # When a cell ran says nothing to a reader and makes every execution a difference.
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        # Nor does the version of the Python that ran them.
        notebook.metadata.language_info = {"name": "python"}
        write_text(path, nbformat.writes(notebook) + "\n")
        print("done")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
