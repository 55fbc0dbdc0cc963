import numpy as np
import pytest
from tasks.vae.data_sets import images, make, table

from keras_vae.networks.feature_maps import map_sizes
from keras_vae.tasks.vae.defaults import LADDER, LATENT_DIM, NARROW, UNITS, defaults_for

NOTHING = {
    "graph": None,
    "network": None,
    "likelihood": None,
    "latent_dim": None,
    "hidden_units": None,
    "batch_size": None,
    "prior": "standard_normal",
    "objective": "elbo",
    "condition": None,
}


def chosen(data, **given):
    return defaults_for(data, {**NOTHING, **given})


def tokens():
    return make(np.zeros((10, 12), "int32"), "sequence")


def drawings(shape=(16, 16, 1)):
    """Black and white, of 8 bits."""
    x = np.random.default_rng(0).choice([0, 255], size=(10, *shape)).astype("uint8")
    return make(x, "image")


def wide_table(n_columns):
    return make(np.random.default_rng(0).normal(size=(50, n_columns)).astype("float32"), "table")


PLAIN = ("graph", "network", "likelihood")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(images((32, 32, 3)), ("ladder", "resnet", "discretized_logistic_mixture"), id="colour"),
        pytest.param(images((32, 32, 1)), ("ladder", "resnet", "discretized_logistic_mixture"), id="grey"),
        pytest.param(images((20, 12, 1), dtype="float32"), ("ladder", "resnet", "gaussian"), id="grey-of-floats"),
        pytest.param(drawings(), ("ladder", "dense", "bernoulli"), id="black-and-white"),
        pytest.param(drawings((8, 8, 1)), ("vae", "dense", "bernoulli"), id="a-few-black-and-white-pixels"),
        pytest.param(images((8, 8, 1)), ("vae", "dense", "discretized_logistic_mixture"), id="a-few-pixels"),
        pytest.param(table(), ("vae", "skip", "student_t"), id="table"),
        pytest.param(tokens(), ("vae", "recurrent", "categorical"), id="tokens"),
    ],
)
def test_graph_network_and_likelihood_follow_the_kind_of_data(data, expected):
    own = chosen(data)
    assert tuple(own[name] for name in PLAIN) == expected


def test_a_ladder_comes_with_a_warm_up_and_a_pace_of_its_own():
    own = chosen(images((32, 32, 3)))
    # It begins as a pyramid; where it cannot, as with a likelihood of zeros and ones, its KL rises slowly.
    assert own["warm_up_share"] == 0
    assert 0 < chosen(images((32, 32, 3)), likelihood="continuous_bernoulli")["warm_up_share"] < 1
    assert 0 < chosen(images((32, 32, 3)), hidden_units=[8, 8], latent_dim=[8, 8])["warm_up_share"] < 1
    assert 0 < chosen(drawings())["warm_up_share"] < 1
    assert {"learning_rate", "batch_size"} <= set(own)
    plain = chosen(images((8, 8, 1)))
    assert plain["warm_up_share"] == 0
    assert not {"learning_rate", "batch_size"} & set(plain)
    # Small steps, or a table would lose the factor analysis that it starts from.
    assert chosen(table())["learning_rate"] < own["learning_rate"]


@pytest.mark.parametrize(
    ("n", "given", "batch_size", "learning_rate"),
    [
        (5, {}, 4, 1e-3),
        (511, {}, 4, 1e-3),
        (512, {}, 8, 1e-3),
        (1024, {}, 16, 2e-3),
        (100_000, {}, 32, 2e-3),
        (100_000, {"batch_size": 6}, 6, 1e-3),
    ],
)
def test_few_pictures_make_small_batches_and_these_small_steps(n, given, batch_size, learning_rate):
    own = chosen(images((16, 16, 1), n=n), **given)
    assert (own["batch_size"], own["learning_rate"]) == (batch_size, learning_rate)


def test_large_pictures_get_a_narrow_ladder():
    assert chosen(images((48, 48, 3), n=2))["hidden_units"] == LADDER["resnet"][0]
    assert chosen(images((49, 48, 3), n=2))["hidden_units"] == NARROW
    assert chosen(images((64, 64, 3), n=2))["latent_dim"] == LADDER["resnet"][1]
    assert len(NARROW) == len(LADDER["resnet"][0]) == len(LADDER["resnet"][1])
    assert chosen(drawings((64, 64, 1)))["hidden_units"] == LADDER["dense"][0]


def test_a_table_has_no_more_latents_than_columns():
    assert chosen(wide_table(3))["latent_dim"] == [3]
    assert chosen(wide_table(100))["latent_dim"] == [LATENT_DIM]
    assert chosen(wide_table(3))["hidden_units"] == UNITS["skip"]
    # Twelve steps of tokens are no twelve numbers.
    assert chosen(tokens())["latent_dim"] == [LATENT_DIM]
    assert chosen(tokens())["hidden_units"] is None


@pytest.mark.parametrize(("side", "n_layers"), [(16, 4), (17, 5), (28, 5), (32, 5), (64, 6), (256, 6)])
def test_the_smallest_map_of_a_ladder_is_one_pixel_where_that_takes_no_more_than_six_steps(side, n_layers):
    own = chosen(images((side, side, 1), n=2))
    assert len(own["latent_dim"]) == len(own["hidden_units"]) == n_layers
    smallest = map_sizes(side, side, n_layers)[-1]
    assert smallest == ((1, 1) if side <= 64 else (4, 4))


@pytest.mark.parametrize(("shape", "n_layers"), [((16, 7, 3), 3), ((16, 8, 3), 3), ((40, 3, 1), 2), ((16, 1, 1), 1)])
def test_a_narrow_picture_gets_fewer_layers(shape, n_layers):
    own = chosen(images(shape))
    assert own["graph"] == "ladder"
    assert own["latent_dim"] == LADDER["resnet"][1][:n_layers]
    assert own["hidden_units"] == LADDER["resnet"][0][:n_layers]


@pytest.mark.parametrize(
    ("given", "graph"),
    [
        ({"latent_dim": [8]}, "vae"),
        ({"latent_dim": [8, 16]}, "ladder"),
        ({"prior": "vamp"}, "vae"),
        ({"prior": "flow"}, "vae"),
        ({"objective": "mmd"}, "vae"),
        ({"objective": "total_correlation"}, "vae"),
        ({"objective": "importance_weighted"}, "ladder"),
        ({"network": "conv"}, "vae"),
        ({"network": "resnet"}, "ladder"),
        ({"graph": "vae"}, "vae"),
    ],
)
def test_a_photograph_gets_a_ladder_where_nothing_else_was_asked_for(given, graph):
    assert chosen(images((32, 32, 3)), **given)["graph"] == graph


@pytest.mark.parametrize(
    ("given", "graph"),
    [({"network": "dense"}, "ladder"), ({"network": "conv"}, "vae"), ({"prior": "mixture"}, "vae"), ({}, "ladder")],
)
def test_a_drawing_gets_a_dense_ladder_where_nothing_else_was_asked_for(given, graph):
    own = chosen(drawings(), **given)
    assert own["graph"] == graph
    assert own["network"] == given.get("network", "dense")


def test_what_was_given_stays():
    own = chosen(images((32, 32, 3)), graph="vae", network="dense", likelihood="gaussian")
    assert tuple(own[name] for name in PLAIN) == ("vae", "dense", "gaussian")
    assert own["hidden_units"] == UNITS["dense"]


@pytest.mark.parametrize(
    ("given", "latents", "units"),
    [
        ({}, [32, 16], [512, 256]),
        ({"latent_dim": [5, 4]}, [32, 16], [512, 256]),
        ({"latent_dim": [5]}, [32], [512]),
        ({"hidden_units": [64]}, [32], [512]),
        # More layers than are known: the network has its own widths.
        ({"latent_dim": [5, 4, 3]}, [32, 16, 16], None),
        ({"hidden_units": [64, 32, 16, 8]}, [32, 16, 16, 16], None),
    ],
)
def test_a_ladder_of_a_table_has_as_many_layers_as_were_asked_for(given, latents, units):
    own = chosen(table(), graph="ladder", **given)
    assert (own["latent_dim"], own["hidden_units"]) == (latents, units)
    assert own["network"] == "dense"
