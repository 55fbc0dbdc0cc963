"""Fixtures that several folders share: import them in a conftest.py."""

import shutil

import pytest
from runs.run_helpers import train_run, write_table


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with a table and a finished run on it, made once; not to be written to."""
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
