import keras
import pytest

from keras_vae.runs.load_model import load_model


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda b: b[: len(b) // 2], "it is damaged or cut off"),
        (lambda b: b"", "it is damaged or cut off"),
        (lambda b: b[:100] + b[200:], r"\w"),
    ],
)
def test_a_damaged_model_is_refused(run_path, damage, reason):
    file = run_path / "model.keras"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=rf"model\.keras cannot be read as a model: {reason}"):
        load_model(file)


def test_another_keras_model_is_refused(tmp_path):
    x = keras.Input((2,))
    keras.Model(x, keras.layers.Dense(1)(x)).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match=r"other\.keras must hold a model of keras-vae\. Received: Functional"):
        load_model(tmp_path / "other.keras")
