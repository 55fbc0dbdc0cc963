"""Fixtures of a finished run, for all folders: the conftest.py of the tests imports them."""

import shutil

import pytest


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with a table and a finished run on it, made once; not to be written to."""
    # Imported here: tests of the lower floors share this file.
    from runs.run_helpers import train_run, write_table

    folder = tmp_path_factory.mktemp("trained")
    train_run(folder / "run", write_table(folder / "table.csv"))
    return folder


@pytest.fixture
def table(trained):
    return trained / "table.csv"


@pytest.fixture
def run_path(trained, tmp_path):
    """A copy of the finished run for one test."""
    return shutil.copytree(trained / "run", tmp_path / "run")
