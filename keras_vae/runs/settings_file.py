"""Settings of a training in a YAML or JSON file, as `--config` reads and `--print-config` writes them."""

import contextlib
import difflib
import json
import pathlib

from keras_vae.tasks.setting import check_text

# What the file may hold beside the settings of the task.
PLACES = ("data", "out")


def read_settings(path, table):
    """The settings in a file.

    Args:
        path: str or path. YAML or JSON: an object with names of settings, also with dashes, and `data` and `out`; or
            the `config.json` of a run.
        table: dict from names to `Setting`.

    Returns:
        dict by name; what is null is left out.

    Raises:
        ValueError: if the file cannot be read, or holds a name or a value that is none of the task.
    """
    path = pathlib.Path(path)
    content = _read(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold names of settings and their values. Received: {type(content).__name__}")
    if isinstance(content.get("settings"), dict):
        content = {"data": content.get("data"), **content["settings"]}
    options = {setting.option_of(name)[2:].replace("-", "_"): name for name, setting in table.items()}
    found = {}
    for key, value in content.items():
        name = str(key).replace("-", "_")
        name = options.get(name, name)
        if name not in table and name not in PLACES:
            near = difflib.get_close_matches(name, [*options, *PLACES], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"{path} must hold settings that `--help` names. Received: {key}{hint}")
        if value is not None:
            found[name] = check_text(name, value) if name in PLACES else _value(table[name], name, value)
    return found


def _value(setting, name, value):
    """A value of the file as JSON can hold it, or what the shell would make of the same text."""
    if isinstance(value, str):
        value = setting.read(name, value)
    if isinstance(value, str) and setting.shell_type in (int, float):
        # YAML takes 1e-05, which JSON writes, for text: it wants a point and a sign, as in 1.0e-05.
        with contextlib.suppress(ValueError):
            value = setting.shell_type(value)
    return setting.checked(name, value)


def settings_as_yaml(data, settings, table):
    """The settings of a training as the text of such a file.

    Args:
        data: str. Name or path.
        settings: dict, as `Task.settings_`.
        table: dict from names to `Setting`, for the comments.
    """
    lines = [f"data: {json.dumps(data)}"]
    for name, value in settings.items():
        if value is not None:
            # JSON is YAML.
            lines.append(f"{name}: {json.dumps(value)}  # {table[name].help}")
    return "\n".join(lines)


def _read(path):
    import yaml

    try:
        # Not `yaml.load`, which makes objects of any class.
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from None
