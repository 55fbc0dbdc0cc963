from runs.run_helpers import write_image_files, write_table

from keras_vae.data import load
from keras_vae.tasks.data_checks import fingerprint


def test_a_changed_file_has_another_fingerprint(tmp_path):
    path = write_table(tmp_path / "x.csv")
    before = fingerprint(load(str(path)))
    assert fingerprint(load(str(path))) == before
    write_table(path, seed=1)
    assert fingerprint(load(str(path))) != before


def test_a_folder_that_gains_or_loses_a_picture_has_another_fingerprint(tmp_path):
    folder = write_image_files(tmp_path / "x")
    before = fingerprint(load(str(folder)))
    assert fingerprint(load(str(folder))) == before
    folder.rename(tmp_path / "y")
    assert fingerprint(load(str(tmp_path / "y"))) == before
    next((tmp_path / "y").rglob("*.png")).unlink()
    assert fingerprint(load(str(tmp_path / "y"))) != before


def test_sentences_have_a_fingerprint_of_their_texts(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a cat\na dog\nthe end\n")
    before = fingerprint(load(path))
    assert fingerprint(load(path)) == before
    path.write_text("a cat\na dot\nthe end\n")
    assert fingerprint(load(path)) != before
