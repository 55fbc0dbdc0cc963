"""What every use promises; a new one joins by one line in CASES."""

import inspect
import json

import pytest
from runs.run_helpers import write_table
from sklearn.base import clone
from tasks.images.restoration.restoration_helpers import write_images
from tasks.ratings.ratings_helpers import write_log
from tasks.text.text_helpers import write_sentences

from keras_vae.tasks.registry import TASKS, entry_of, settings_of, task_class, units_of
from keras_vae.tasks.setting import COMMON, Setting
from keras_vae.tasks.task import Task

# Name of the task, small settings, and data made in a folder.
CASES = [
    pytest.param("vae", {"latent_dim": 2, "hidden_units": [8], "epochs": 1}, write_table, id="vae"),
    pytest.param("ratings", {"latent_dim": 2, "hidden_units": [8], "epochs": 1}, write_log, id="ratings"),
    pytest.param("text", {"latent_dim": 2, "state_units": 4, "epochs": 1}, write_sentences, id="text"),
    pytest.param("language", {"state_units": 4, "epochs": 1}, write_sentences, id="language"),
    pytest.param("denoising", {"hidden_units": [8, 8], "epochs": 1}, write_images, id="denoising"),
    pytest.param("enlarging", {"hidden_units": [8, 8], "epochs": 1}, write_images, id="enlarging"),
    pytest.param("inpainting", {"hidden_units": [8, 8], "epochs": 1}, write_images, id="inpainting"),
]


def test_every_use_is_tested():
    assert {case.values[0] for case in CASES} == set(TASKS)


def test_an_unknown_use_is_refused():
    with pytest.raises(ValueError, match=r"`task` must be one of 'vae'.* Received: task='origami'"):
        entry_of("origami")


@pytest.mark.parametrize(("name", "small", "make"), CASES)
class TestEveryTask:
    def test_the_arguments_are_those_of_the_table(self, name, small, make):
        cls, table = task_class(name), settings_of(name).SETTINGS
        assert issubclass(cls, Task)
        assert cls.settings is table
        assert list(inspect.signature(cls).parameters) == list(table)
        assert cls().get_params() == {key: setting.default for key, setting in table.items()}
        with pytest.raises(TypeError, match="unexpected keyword argument 'bogus'"):
            cls(bogus=1)

    def test_a_task_is_cloned_and_changed_as_scikit_learn_does_it(self, name, small, make):
        task = task_class(name)(**small)
        assert clone(task).get_params() == task.get_params()
        assert task.set_params(seed=5).seed == 5

    def test_arguments_are_kept_as_given_and_checked_by_prepare(self, name, small, make, tmp_path):
        task = task_class(name)(**{**small, "epochs": -1})
        assert task.epochs == -1
        data = task.load(str(make(tmp_path / "data.csv")))
        with pytest.raises(ValueError, match="`epochs` must be a whole number >= 1"):
            task.prepare(data)

    def test_every_setting_has_help_and_a_check_that_takes_the_default(self, name, small, make):
        for key, setting in settings_of(name).SETTINGS.items():
            assert isinstance(setting, Setting)
            assert setting.help.endswith(".")
            assert setting.checked(key, setting.default) == setting.default

    def test_the_common_settings_are_there(self, name, small, make):
        assert set(COMMON) <= set(settings_of(name).SETTINGS)
        assert settings_of(name).HELP

    def test_units_are_words(self, name, small, make):
        assert all(isinstance(word, str) and word for pair in units_of(name).items() for word in pair)

    def test_what_was_learned_survives_json(self, name, small, make, tmp_path):
        task = task_class(name)(**small)
        task.prepare(task.load(str(make(tmp_path / "data.csv"))))
        learned = json.loads(json.dumps(task.learned(), allow_nan=False))
        assert learned == task.learned()
        settings = json.loads(json.dumps(task.settings_))
        again = task_class(name)(**settings).with_learned(learned)
        assert again.learned() == task.learned()
        assert again.settings_ == task.settings_
        assert all(getattr(again, key) == getattr(task, key) for key in task.learned_names)
