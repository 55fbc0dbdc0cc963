"""The semi-supervised VAE: its bounds by a loop over classes, by the exact answer, and what it does with labels."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import elbo_terms_of, prepared, slow_after, terms_of
from scipy.special import log_softmax, logsumexp, softmax
from scipy.stats import multivariate_normal, norm

import keras_vae as kv
from keras_vae.models.semi_supervised_vae import SemiSupervisedVAE
from keras_vae.networks.conditional import make_condition_network, make_prior_network
from keras_vae.objectives import ELBO, MMD, ImportanceWeighted, LabelledELBO, TotalCorrelation
from keras_vae.priors import ConditionalNormal

N_CLASSES, N_DATA, LATENT_DIM = 3, 5, 2
PRIOR = (0.5, 0.2, 0.3)
LABELS = np.array([0, -1, 2, -1, -1, 1, 0, -1, 2])


def dense(n_inputs, n_outputs, seed):
    """Model from concatenated inputs to one dense layer for each output, with random weights and biases."""
    inputs = [keras.Input((n,)) for n in n_inputs]
    joint = keras.layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]
    outputs = [
        keras.layers.Dense(
            n,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.5, seed=seed + i),
            bias_initializer=keras.initializers.RandomNormal(stddev=0.5, seed=seed + 10 + i),
        )(joint)
        for i, n in enumerate(n_outputs)
    ]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0])


def make_model(seed=0, stddev=0.7, **arguments):
    return SemiSupervisedVAE(
        dense((N_DATA, N_CLASSES), (LATENT_DIM, LATENT_DIM), 1),
        dense((LATENT_DIM, N_CLASSES), (N_DATA,), 3),
        dense((N_DATA,), (N_CLASSES,), 4),
        kv.likelihoods.GaussianFixed(stddev),
        seed=seed,
        **{"label_prior": PRIOR, **arguments},
    )


def exact_model(stddev=0.7):
    """A model whose q(z|x,y) and q(y|x) are exact, and log p(x, y) as a function.

    p(x|y) are Gaussians of one covariance, so that the classifier is linear; loadings that are orthogonal leave the
    latents independent given x.
    """
    model = make_model(stddev=stddev)
    kernel, bias = (w.astype("float64") for w in model.decoder.get_weights())
    loadings = np.linalg.qr(kernel[:LATENT_DIM].T)[0].T * np.array([[1.5], [0.8]])
    model.decoder.set_weights([np.concatenate([loadings, kernel[LATENT_DIM:]]), bias])
    means = bias + kernel[LATENT_DIM:]
    covariance = loadings.T @ loadings + stddev**2 * np.eye(N_DATA)
    of_x = np.linalg.solve(covariance, loadings.T)
    variances = 1.0 / (1.0 + np.square(loadings).sum(axis=1) / stddev**2)
    no_slope = np.zeros((N_DATA + N_CLASSES, LATENT_DIM))
    model.encoder.set_weights([np.concatenate([of_x, -means @ of_x]), np.zeros(2), no_slope, np.log(variances)])
    precision = np.linalg.inv(covariance)
    offsets = np.log(PRIOR) - 0.5 * np.einsum("ki,ij,kj->k", means, precision, means)
    model.classifier.set_weights([precision @ means.T, offsets])

    def log_joint(x):
        of_class = [multivariate_normal.logpdf(x, mean, covariance) for mean in means]
        return np.stack(of_class, axis=1) + np.log(PRIOR)

    return model, log_joint


@pytest.fixture
def x(rng):
    return rng.normal(size=(9, N_DATA)).astype("float32")


def one_hot(y):
    return np.eye(N_CLASSES, dtype="float32")[[y]]


def by_hand(model, row, label, epsilon):
    """Terms of one row by a loop over the classes, in float64: reconstruction loss, KL, log weight of one draw."""
    log_q = log_softmax(model.classifier(row[None]).numpy().astype("float64")[0])
    weights = np.exp(log_q) if label < 0 else np.eye(N_CLASSES)[label]
    reconstruction_loss = kl = 0.0
    log_weights = []
    for y in range(N_CLASSES) if label < 0 else [label]:
        mean, log_var = (t.numpy().astype("float64")[0] for t in model.encoder([row[None], one_hot(y)]))
        z = mean + np.exp(0.5 * log_var) * epsilon
        loss = -norm.logpdf(row, model.decoder([z[None], one_hot(y)]).numpy()[0], 0.7).sum()
        kl_z = 0.5 * np.sum(mean**2 + np.exp(log_var) - 1.0 - log_var)
        reconstruction_loss += weights[y] * loss
        kl += weights[y] * (kl_z + np.log(weights[y]) - np.log(PRIOR[y]))
        log_ratio = norm.logpdf(z).sum() - norm.logpdf(z, mean, np.exp(0.5 * log_var)).sum()
        log_weights.append(np.log(PRIOR[y]) - loss + log_ratio)
    return reconstruction_loss, kl, logsumexp(log_weights)


def test_the_pieces_are_those_of_a_loop_over_rows_and_classes(x):
    model = make_model()
    batch = prepared(model, x, condition=LABELS)
    epsilon = np.random.default_rng(1).normal(size=(9, LATENT_DIM)).astype("float32")
    pieces = model.pieces(model.infer(batch), tf.constant(epsilon), batch)
    wanted = [by_hand(model, *row) for row in zip(x, LABELS, epsilon, strict=True)]
    for found, expected in zip(
        (pieces.reconstruction_loss, pieces.kl, pieces.log_weight), np.transpose(wanted), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(tf.reduce_sum(pieces.kl_parts, axis=1), pieces.kl, rtol=1e-5)
    terms = elbo_terms_of(model, x, condition=LABELS)
    np.testing.assert_allclose(terms["elbo"], -(terms["reconstruction_loss"] + terms["kl_loss"]), rtol=1e-6)


@pytest.mark.slow
def test_with_exact_posteriors_every_draw_has_the_exact_log_prob(x):
    model, log_joint = exact_model()
    of_x = logsumexp(log_joint(x), axis=1)
    np.testing.assert_allclose(model.classify(x), softmax(log_joint(x), axis=1), rtol=1e-4)
    np.testing.assert_allclose(model.log_prob(x, n_samples=1), of_x, rtol=1e-5)
    # The KL of z is closed, the reconstruction loss is drawn: the mean of many draws.
    np.testing.assert_allclose(model.elbo(x, n_samples=40_000), of_x, atol=0.05)
    labels = np.arange(9) % N_CLASSES
    of_both = log_joint(x)[np.arange(9), labels]
    np.testing.assert_allclose(model.log_prob(x, n_samples=1, condition=labels), of_both, rtol=1e-5)
    mixed = np.where(LABELS < 0, of_x, log_joint(x)[np.arange(9), LABELS])
    np.testing.assert_allclose(model.log_prob((x, LABELS), n_samples=1), mixed, rtol=1e-5)


def test_log_prob_is_exact_with_many_draws_whatever_the_classifier_says(x):
    model, log_joint = exact_model()
    model.encoder.set_weights([np.zeros_like(w) for w in model.encoder.get_weights()])
    model.classifier.set_weights([np.zeros_like(w) for w in model.classifier.get_weights()])
    of_x = logsumexp(log_joint(x), axis=1)
    np.testing.assert_allclose(model.log_prob(x, n_samples=20_000), of_x, atol=0.15)
    assert np.all(model.elbo(x, n_samples=1000) < of_x)


@pytest.mark.slow
@pytest.mark.parametrize("is_conditional", [False, True])
def test_with_labels_it_is_the_conditional_vae_of_the_same_parts(x, is_conditional):
    prior = ConditionalNormal(make_prior_network(N_CLASSES, LATENT_DIM, 4)) if is_conditional else None
    if is_conditional:
        rng = np.random.default_rng(2)
        prior.network.set_weights([rng.normal(size=w.shape, scale=0.3) for w in prior.network.get_weights()])
    model, labels = make_model(prior=prior), np.arange(9) % N_CLASSES
    network = make_condition_network(n_classes=N_CLASSES)
    parts = model.encoder, model.decoder, model.likelihood
    plain = kv.VAE(*parts, prior=prior, condition_network=network, seed=0)
    for verb, n in ((model.elbo, 3), (model.log_prob, 3)):
        found = verb(x, n_samples=n, condition=labels) - np.log(PRIOR)[labels]
        np.testing.assert_allclose(found, getattr(plain, verb.__name__)(x, n_samples=n, condition=labels), rtol=1e-4)
    np.testing.assert_allclose(
        model.reconstruct(x, condition=labels), plain.reconstruct(x, condition=labels), rtol=1e-4
    )


def test_targets_may_have_another_shape_than_inputs(x):
    model = SemiSupervisedVAE(
        dense((N_DATA, N_CLASSES), (LATENT_DIM, LATENT_DIM), 1),
        dense((LATENT_DIM, N_CLASSES), (2,), 3),
        dense((N_DATA,), (N_CLASSES,), 4),
        kv.likelihoods.GaussianFixed(1.0),
        target_shape=(2,),
        seed=0,
    )
    model.compile("adam", run_eagerly=True)
    assert np.isfinite(model.fit((x, LABELS), x[:, :2], verbose=0).history["loss"][0])
    assert model.reconstruct((x, LABELS)).shape == (9, 2)
    assert type(model).from_config(model.get_config()).target_shape == (2,)


@pytest.mark.slow
def test_few_labels_and_many_rows_without_find_the_classes(rng):
    centres = 3.0 * rng.normal(size=(N_CLASSES, N_DATA))
    y = rng.integers(0, N_CLASSES, 600)
    x = (centres[y] + rng.normal(size=(600, N_DATA))).astype("float32")
    labels = np.where(np.arange(600) < 9, y, -1)
    model = kv.make_semi_supervised_vae(
        N_DATA, N_CLASSES, 2, hidden_units=(16,), likelihood="gaussian_shared", seed=0, preprocessing=None
    )
    model.compile(kv.optimizers.Adam(0.01))
    dataset = kv.data.semi_supervised_batches(x, labels, batch_size=64, n_labelled=8)
    history = model.fit(dataset, epochs=12, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["accuracy"][-1] > 0.95
    assert np.mean(model.classify(x).argmax(axis=1) == y) > 0.95
    assert model.evaluate((x, y), verbose=0, return_dict=True)["accuracy"] > 0.95
    samples = np.stack([model.sample(200, condition=k, seed=0).mean(axis=0) for k in range(N_CLASSES)])
    distances = np.linalg.norm(samples[:, None] - centres, axis=-1)
    np.testing.assert_array_equal(distances.argmin(axis=1), np.arange(N_CLASSES))
    drawn = model.classify(model.sample(600, seed=0)).argmax(axis=1)
    assert np.all(np.bincount(drawn, minlength=N_CLASSES) > 100)


@pytest.mark.slow
def test_rows_without_a_label_are_told_the_most_probable_class(x):
    model = make_model()
    classes = model.classify(x).argmax(axis=1)
    told = np.where(LABELS < 0, classes, LABELS)
    for verb in (model.encode, model.reconstruct):
        np.testing.assert_allclose(verb(x), verb(x, condition=classes), rtol=1e-5)
        np.testing.assert_allclose(verb((x, LABELS)), verb(x, condition=told), rtol=1e-5)
    np.testing.assert_allclose(model.draw(x, seed=1), model.draw(x, seed=1, condition=classes), rtol=1e-5)
    drawn = model.reconstruct(x, sample=True, seed=1)
    np.testing.assert_allclose(drawn, model.reconstruct(x, sample=True, seed=1, condition=classes), rtol=1e-5)
    np.testing.assert_allclose(model.predict((x, LABELS), verbose=0), model.reconstruct((x, LABELS)), rtol=1e-5)
    z_mean, _ = model.encode(x, condition=told)
    wanted = model.encoder([x, np.eye(N_CLASSES)[told]])[0]
    np.testing.assert_allclose(z_mean, wanted, rtol=1e-5)
    np.testing.assert_allclose(model.reconstruct(x, condition=told), model.decode(z_mean, told), rtol=1e-5)


def test_samples_are_of_the_class_asked_for_or_of_the_label_prior():
    model = make_model()
    z = model.sample_prior(4, tf.constant([3, 0], tf.int64)).numpy()
    np.testing.assert_allclose(model.sample(4, seed=3, condition=2), model.decode(z, np.full(4, 2)), rtol=1e-5)
    np.testing.assert_array_equal(model.sample(4, seed=3), model.sample(4, seed=3))
    assert not np.array_equal(model.sample(4), model.sample(4))
    model.decoder.set_weights([np.zeros((5, N_DATA)), np.zeros(N_DATA)])
    kernel = np.zeros((5, N_DATA))
    kernel[LATENT_DIM:, :N_CLASSES] = np.eye(N_CLASSES)
    model.decoder.set_weights([kernel, np.zeros(N_DATA)])
    counts = model.sample(4000, seed=0)[:, :N_CLASSES].sum(axis=0)
    np.testing.assert_allclose(counts / 4000, PRIOR, atol=5 * 0.5 / np.sqrt(4000))


@pytest.mark.slow
@pytest.mark.parametrize(
    "objective",
    slow_after(
        1,
        [
            pytest.param(lambda: LabelledELBO(2.0, beta=0.5), id="labelled"),
            pytest.param(lambda: ELBO(2.0), id="elbo"),
            pytest.param(lambda: LabelledELBO(free_bits=0.1), id="free-bits"),
            pytest.param(lambda: ImportanceWeighted(3, resampled=True), id="iw"),
            pytest.param(lambda: MMD(10.0), id="mmd"),
        ],
    ),
)
def test_it_trains_on_an_objective_is_saved_and_exported(objective, x, tmp_path):
    model = make_model(objective=objective())
    model.compile("adam", run_eagerly=True)
    model.fit((x, LABELS), epochs=2, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.classify(x), model.classify(x))
    np.testing.assert_array_equal(again.log_prob((x, LABELS), 3), model.log_prob((x, LABELS), 3))
    assert again.evaluate((x, LABELS), verbose=0) == model.evaluate((x, LABELS), verbose=0)
    for one in (model, again):
        one.fit((x, LABELS), epochs=1, verbose=0, shuffle=False)
    np.testing.assert_array_equal(again.classify(x), model.classify(x))
    assert again.label_prior == PRIOR


@pytest.mark.slow
def test_it_is_served_with_the_label_as_a_named_input(x, tmp_path):
    model = make_model()
    served = kv.load_saved_model(kv.export_saved_model(model, tmp_path / "served"))
    close = {"rtol": 1e-4, "atol": 1e-5}
    found = served.call("classify", x=x)
    np.testing.assert_allclose(found["probabilities"], model.classify(x), **close)
    found = served.call("encode", x=x, condition=LABELS.astype("float32"))
    np.testing.assert_allclose(found["z_mean"], model.encode((x, LABELS))[0], **close)
    z = np.zeros((2, LATENT_DIM), "float32")
    decoded = served.call("decode", z=z, condition=np.array([1.0, -1.0], "float32"))["x"]
    np.testing.assert_allclose(decoded[0], model.decode(z[:1], np.array([1]))[0], **close)
    assert np.isnan(decoded[1]).all()


def test_labels_that_are_none_are_refused(x):
    model = make_model()
    model.compile("adam")
    with pytest.raises(ValueError, match=r"from 0 to 2, or -1 for a row without a label. Received: condition\[0\]=3"):
        model.fit((x, np.full(9, 3)), verbose=0)
    with pytest.raises(ValueError, match=r"Received: condition\[0\]=-2"):
        model.elbo((x, np.full(9, -2)))
    with pytest.raises(ValueError, match=r"`condition` must have a row for each of 9 examples"):
        model.fit((x, LABELS[:4]), verbose=0)
    with pytest.raises(ValueError, match="`condition` must be given"):
        model.fit(x, verbose=0)
    with pytest.warns(UserWarning, match="No row has a label, all are -1"):
        history = model.fit((x, np.full(9, -1)), verbose=0).history
    assert np.isnan(history["accuracy"][0])
    assert np.isfinite(history["loss"][0])
    with pytest.raises(ValueError, match=r"`condition` must hold a class for every code that is decoded. Received: -1"):
        model.decode(np.zeros((2, LATENT_DIM)), np.array([0, -1]))
    with pytest.raises(ValueError, match=r"`condition` must hold a class"):
        model.sample(2, condition=-1)
    for verb in (model.impute, model.fill):
        with pytest.raises(ValueError, match="A SemiSupervisedVAE must not be asked about rows with holes"):
            verb(x)


def test_parts_that_do_not_fit_are_refused():
    encoder, decoder = dense((N_DATA, 3), (2, 2), 1), dense((2, 3), (N_DATA,), 3)
    with pytest.raises(ValueError, match="`classifier` must be a Keras model with known shapes from x to logits"):
        SemiSupervisedVAE(encoder, decoder, None)
    with pytest.raises(ValueError, match="`condition_network` must put out what encoder and decoder are told"):
        SemiSupervisedVAE(encoder, decoder, dense((N_DATA,), (4,), 1), "gaussian")
    with pytest.raises(ValueError, match=r"`classifier` must take x of shape \(5,\), as the encoder does"):
        SemiSupervisedVAE(encoder, decoder, dense((6,), (3,), 1), "gaussian_fixed")
    with pytest.raises(ValueError, match="`encoder` and `decoder` must take the class"):
        SemiSupervisedVAE(encoder, dense((2,), (N_DATA,), 3), dense((N_DATA,), (3,), 1), "gaussian_fixed")
    with pytest.raises(ValueError, match=r"`n_classes` must be .* >= 2"):
        SemiSupervisedVAE(encoder, decoder, dense((N_DATA,), (1,), 1), "gaussian_fixed")
    for label_prior in ((0.5, 0.5), (0.5, 0.5, 0.5), (0.5, 0.5, 0.0)):
        with pytest.raises(ValueError, match="`label_prior` must be 3 numbers > 0 with the sum 1"):
            make_model(label_prior=label_prior)
    with pytest.raises(ValueError, match="`objective` must not be TotalCorrelation"):
        make_model(objective=TotalCorrelation(2.0))
    with pytest.raises(ValueError, match="`gradient` must be 'standard'"):
        make_model(objective=ImportanceWeighted(3, "doubly_reparameterized"))
    with pytest.raises(ValueError, match="`objective` must not be LabelledELBO for a model without a classifier"):
        kv.make_vae(4, objective=LabelledELBO())


def test_the_words_for_a_model_make_one_for_images():
    x = np.random.default_rng(0).random((4, 9, 9, 1)).round().astype("float32")
    model = kv.make_semi_supervised_vae((9, 9, 1), 4, 3, "conv", (4, 8), seed=0)
    assert model.classify(x).shape == (4, 4)
    assert model.sample(2, condition=3).shape == (2, 9, 9, 1)
    np.testing.assert_array_equal(
        kv.make_semi_supervised_vae((9, 9, 1), 4, 3, "conv", (4, 8), seed=0).classify(x), model.classify(x)
    )
    assert "classifier=" in repr(model)
    mine = keras.Sequential([keras.Input((9, 9, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    assert kv.make_semi_supervised_vae((9, 9, 1), 4, 3, classifier=mine).classifier is mine
    gaussian = kv.make_semi_supervised_vae(3, 2, 2, likelihood="gaussian", seed=0)
    assert gaussian.preprocessing is not None


def test_terms_of_a_batch_have_one_number_for_each_row(x):
    terms = terms_of(make_model(), x, condition=LABELS, training=True)
    assert all(t.shape == (9,) and t.dtype == tf.float32 for t in terms.values())
