import keras_vae.callbacks


def test_the_namespace_shows_public_names_only():
    assert dir(keras_vae.callbacks) == sorted(keras_vae.callbacks.__all__)
    assert not {"np", "tf", "keras", "FAR", "check_int"} & set(dir(keras_vae.callbacks))
