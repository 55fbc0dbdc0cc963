"""Execute every notebook of this folder in place; one that fails keeps its old outputs."""

import base64
import io
import pathlib
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

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
                cell.outputs = [smaller(output) for output in cell.outputs if not is_bar(output)]
        # Nor does the version of the Python that ran them.
        notebook.metadata.language_info = {"name": "python"}
        write_text(path, nbformat.writes(notebook) + "\n")
        print("done")
    raise SystemExit(1 if failed else 0)


def is_bar(output):
    """Whether an output is what a bar has left: it was there for those who waited."""
    text = output.get("text", "")
    return output.get("name") == "stderr" and ("\r" in text or "%|" in text or not text.strip())


def smaller(output):
    """The output with its picture in 256 colours, if that is smaller: the repository keeps it for ever."""
    picture = output.get("data", {}).get("image/png")
    if picture is not None:
        file = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
            image.convert("RGB").quantize(256).save(file, "PNG", optimize=True)
        output["data"]["image/png"] = min(picture, base64.b64encode(file.getvalue()).decode(), key=len)
    return output


if __name__ == "__main__":
    main()
