"""An estimator whose arguments are the settings of one table, and what it learns about data before training."""

import inspect
import types

from sklearn.base import BaseEstimator

from keras_vae.tasks.setting import COMMON, check_values


class SettingsEstimator(BaseEstimator):
    """Base of `Task`: a scikit-learn estimator made from a table of settings.

    The arguments are kept as they were given, under their own names; `prepare` checks them. Learned values end in `_`:

    - `settings_`: dict, all settings as they are used, those left None chosen by the data where the task does so.
    - `event_shape_`: tuple, shape of one example.
    - `schema_`: dict, how the data were read, by which others are read in the same way.

    Args:
        **settings: as in the table `settings`.

    Raises:
        TypeError: for an argument that is not in the table.
    """

    settings = COMMON
    # What `learned` keeps beside the settings, `event_shape_` and `schema_`.
    learned_names = ()
    # What holds for a run that was begun before one of them was kept.
    learned_before = types.MappingProxyType({})

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__init__" not in cls.__dict__:
            cls.__init__ = _constructor(cls.settings)

    def checked_settings(self):
        """The arguments, checked: dict in the order of the table.

        Raises:
            ValueError: for a setting out of range.
        """
        return check_values(self.settings, {name: getattr(self, name) for name in self.settings})

    def prepare(self, data):
        """Learn what has to be known before a model can be made: shapes, scaling, vocabulary.

        Nothing is computed by TensorFlow here: workers that train together join before that.

        Args:
            data: as `load` gives it.

        Returns:
            self.

        Raises:
            ValueError: for a setting out of range, or data that do not fit the settings.
        """
        self.settings_ = self.checked_settings()
        chosen = self.choose(data)
        self.settings_ = {name: chosen.get(name) if v is None else v for name, v in self.settings_.items()}
        self.event_shape_ = tuple(data.event_shape)
        self.schema_ = dict(getattr(data, "schema", {}))
        return self

    def choose(self, data):
        """Values for settings that were left None, chosen by the data.

        Args:
            data: as `load` gives it.

        Returns:
            dict by name; `settings_` has the settings that were given.
        """
        return {}

    def learned(self):
        """What `prepare` has learned and a trained model does not hold itself: a dict that JSON can hold."""
        values = {name: getattr(self, name) for name in self._all_learned_names()}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    def _all_learned_names(self):
        return tuple(dict.fromkeys(("event_shape_", "schema_", *self.learned_names)))

    def with_learned(self, learned):
        """The inverse of `learned`: be as after `prepare`, but for what only `build_model` needs.

        Args:
            learned: dict, as `learned` gave it; the arguments are the settings that were used.

        Returns:
            self.

        Raises:
            ValueError: for a setting out of range, or another dict.
        """
        names = self._all_learned_names()
        learned = {"schema_": {}, **self.learned_before, **learned} if isinstance(learned, dict) else learned
        if not isinstance(learned, dict) or set(learned) != set(names):
            raise ValueError(f"`learned` must hold {', '.join(names)}. Received: learned={learned!r}")
        self.settings_ = self.checked_settings()
        for name, value in learned.items():
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        return self


def _constructor(settings):
    """An `__init__` that takes the settings by name and keeps them as they are, as scikit-learn asks for."""
    kinds = inspect.Parameter
    own = [kinds(name, kinds.KEYWORD_ONLY, default=setting.default) for name, setting in settings.items()]
    signature = inspect.Signature([kinds("self", kinds.POSITIONAL_OR_KEYWORD), *own])

    def __init__(self, *args, **kwargs):
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for name in settings:
            setattr(self, name, bound.arguments[name])

    __init__.__signature__ = signature
    return __init__
