"""Models with more to keep in step than weights train on two replicas: in a process of its own, as devices are split
before TensorFlow starts."""

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np
import keras_vae as kv

x = np.random.default_rng(0).uniform(size=(64, 8, 8, 1)).astype("float32")
made = {
    "vq": lambda: kv.make_vq_vae((8, 8, 1), 8, hidden_units=(8, 8), prior_channels=4, prior_layers=1, seed=0),
    "gan": lambda: kv.make_vae_gan((8, 8, 1), 3, hidden_units=(4, 4), discriminator_units=(4, 8), seed=0),
}
found = {}
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for name, make in made.items():
    with strategy.scope():
        model = make()
        model.compile("adam")
    losses = model.fit(x, epochs=3, batch_size=32, verbose=0).history["loss"]
    copies = [[v.numpy() for v in strategy.experimental_local_results(w.value)] for w in model.weights]
    found[name] = {"losses": losses, "same": all(np.array_equal(*pair) for pair in copies if len(pair) == 2)}
print("RESULT" + json.dumps(found))
"""


@pytest.mark.slow
def test_codebook_and_discriminator_are_the_same_on_both_replicas():
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.rsplit("RESULT", 1)[1])
    for result in found.values():
        assert result["losses"][-1] < result["losses"][0]
        assert result["same"]
