"""A look into a written SavedModel for noise that would repeat itself after a restart or in every replica."""

import pathlib

from keras_vae.models.row_noise import SCOPE

# Ops that keep a random state of their own; with both seeds 0 it starts from the system's entropy in every process.
STATEFUL_RANDOM_OPS = frozenset(
    {
        "AllCandidateSampler",
        "FixedUnigramCandidateSampler",
        "LearnedUnigramCandidateSampler",
        "LogUniformCandidateSampler",
        "Multinomial",
        "ParameterizedTruncatedNormal",
        "RandomGamma",
        "RandomPoisson",
        "RandomPoissonV2",
        "RandomShuffle",
        "RandomStandardNormal",
        "RandomUniform",
        "RandomUniformInt",
        "SampleDistortedBoundingBox",
        "SampleDistortedBoundingBoxV2",
        "TruncatedNormal",
        "UniformCandidateSampler",
    }
)

# Last part of the names that Keras's SeedGenerator and tf.random.Generator give to their state.
STATE_NAMES = ("seed_generator_state", "StateVar")

# Ops whose answer follows from a seed that they are given, and which of their inputs hold it.
_SEED_INPUTS = {
    "StatelessMultinomial": (2,),
    "StatelessParameterizedTruncatedNormal": (1,),
    "StatelessRandomBinomial": (1,),
    "StatelessRandomGammaV2": (1,),
    "StatelessRandomGammaV3": (1, 2),
    "StatelessRandomNormal": (1,),
    "StatelessRandomNormalV2": (1, 2),
    "StatelessRandomPoisson": (1,),
    "StatelessRandomUniform": (1,),
    "StatelessRandomUniformFullInt": (1,),
    "StatelessRandomUniformFullIntV2": (1, 2),
    "StatelessRandomUniformInt": (1,),
    "StatelessRandomUniformIntV2": (1, 2),
    "StatelessRandomUniformV2": (1, 2),
    "StatelessSampleDistortedBoundingBox": (4,),
    "StatelessShuffle": (1, 2),
    "StatelessTruncatedNormal": (1,),
    "StatelessTruncatedNormalV2": (1, 2),
}


def replayed_noise(path):
    """What in a SavedModel would give the same noise again at another call or in another process.

    Args:
        path: str or path. Folder with a `saved_model.pb`.

    Returns:
        list of str, a line per finding: a random op with a fixed seed, or a variable that holds the state of a
        generator, which every replica loads alike. Empty where there is none. Noise that belongs to rows, the same at
        every call on purpose, is none.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString((pathlib.Path(path) / "saved_model.pb").read_bytes())
    findings = []
    for meta_graph in saved_model.meta_graphs:
        graph = meta_graph.graph_def
        for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
            findings += _fixed_seeds({node.name: node for node in nodes})
        for node in meta_graph.object_graph_def.nodes:
            if node.variable.name.split("/")[-1] in STATE_NAMES:
                findings.append(f"variable {node.variable.name} holds the state of a random generator")
    # A layer that several signatures use is found in each of them.
    return list(dict.fromkeys(findings))


def _fixed_seeds(nodes):
    """Findings in one graph or function, given as its nodes by name."""
    for node in nodes.values():
        if any(part.startswith(SCOPE) for part in node.name.split("/")):
            continue
        seeds = [node.attr[name].i for name in ("seed", "seed2") if name in node.attr]
        if node.op in STATEFUL_RANDOM_OPS and any(seeds):
            yield f"op {node.name} ({node.op}) has the fixed seed {', '.join(map(str, seeds))}"
        if node.op in _SEED_INPUTS and all(_is_constant(node.input[i], nodes) for i in _SEED_INPUTS[node.op]):
            yield f"op {node.name} ({node.op}) draws the same numbers at every call: its seed is a constant"


def _is_constant(tensor, nodes):
    """Whether a tensor, "node:output:0" or the name of an argument of the function, follows from constants alone."""
    name = tensor.split(":")[0]
    if name not in nodes:
        return False
    node = nodes[name]
    inputs = [i for i in node.input if not i.startswith("^")]
    if node.op == "Const" or not inputs:
        return node.op == "Const"
    return node.op not in STATEFUL_RANDOM_OPS and all(_is_constant(i, nodes) for i in inputs)
