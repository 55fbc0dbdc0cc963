import pathlib

import pytest

from keras_vae.serving.server_config import batching_parameters, models_config, write_server_config
from keras_vae.serving.versions import is_version_name, newest_version, versions


def exported(folder, *numbers):
    """A folder as an export leaves it, as far as file names go."""
    for number in numbers:
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "saved_model.pb").touch()
    return folder


# Versions.


def test_versions_are_the_folders_that_the_server_would_take(tmp_path):
    folder = exported(tmp_path / "m", 2, 10, 1, ".tmp-3", "4x", "-5", "1.5", "٣", 2**63 - 1, 2**63)
    (folder / "7").touch()
    (folder / "007").mkdir()
    assert versions(folder) == [1, 2, 7, 10, 2**63 - 1]
    assert versions(tmp_path / "nothing") == []
    assert versions(folder / "7") == []


@pytest.mark.parametrize("name", ["", "1 ", "+1", "1e3", "٣", "²", ".tmp-1", "9223372036854775808"])
def test_names_that_are_no_version(name):
    assert not is_version_name(name)


def test_the_newest_version_is_the_largest_number_not_the_last_name(tmp_path):
    folder = exported(tmp_path / "m", 9, 10)
    assert newest_version(folder) == folder / "10"
    assert newest_version(str(folder / "9")) == folder / "9"


def test_a_folder_that_is_no_export_has_no_newest_version(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`path` must be an exported model, NAME or NAME/<version>"):
        newest_version(tmp_path)


# Files of the server.


def test_the_configuration_lists_every_exported_model_and_parses(tmp_path):
    exported(tmp_path / "digits", 1, 2)
    exported(tmp_path / "faces", 7)
    exported(tmp_path / ".hidden", "x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    text_format = pytest.importorskip("google.protobuf.text_format")
    proto = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    config = text_format.Parse(models_config(tmp_path, "/srv/models/"), proto.ModelServerConfig())
    entries = [(c.name, c.base_path, c.model_platform) for c in config.model_config_list.config]
    assert entries == [
        ("digits", "/srv/models/digits", "tensorflow"),
        ("faces", "/srv/models/faces", "tensorflow"),
    ]


@pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "ümlaut", "new\nline", "{}"])
def test_any_name_of_a_folder_is_quoted_as_it_must_be(name, tmp_path):
    exported(tmp_path / name, 1)
    text_format = pytest.importorskip("google.protobuf.text_format")
    proto = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    config = text_format.Parse(models_config(tmp_path), proto.ModelServerConfig())
    assert config.model_config_list.config[0].name == name
    assert config.model_config_list.config[0].base_path == f"/models/{name}"


def test_without_an_exported_model_there_is_nothing_to_serve(tmp_path):
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ValueError, match=r"`folder` must hold exported models, NAME/<version>/"):
            models_config(folder)
        with pytest.raises(ValueError, match="`folder` must hold exported models"):
            write_server_config(folder)
    assert list(tmp_path.iterdir()) == []


def test_batching_parameters_are_wrapped_numbers():
    assert batching_parameters(64, 500, 4, 10) == (
        "max_batch_size { value: 64 }\n"
        "batch_timeout_micros { value: 500 }\n"
        "num_batch_threads { value: 4 }\n"
        "max_enqueued_batches { value: 10 }\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_batch_size": 0}, "`max_batch_size` must be a whole number >= 1"),
        ({"timeout_micros": -1}, "`timeout_micros` must be a whole number >= 0"),
        ({"n_threads": 1.5}, "`n_threads` must be a whole number >= 1"),
        ({"max_enqueued": True}, "`max_enqueued` must be a whole number >= 1"),
    ],
)
def test_batching_parameters_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        batching_parameters(**arguments)


def test_both_files_are_written_beside_the_models(tmp_path):
    exported(tmp_path / "digits", 1)
    models, batching = write_server_config(str(tmp_path))
    assert (models, batching) == (tmp_path / "models.config", tmp_path / "batching.config")
    assert pathlib.Path(models).read_text(encoding="utf-8") == models_config(tmp_path)
    assert batching.read_text(encoding="utf-8") == batching_parameters()
    # Written again they do not take themselves for models.
    assert write_server_config(tmp_path) == (models, batching)
