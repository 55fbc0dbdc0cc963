"""A client on `ovmsclient`, for an interpreter that has it. Arguments: gRPC address, REST address, model."""

import json
import sys

import numpy as np
import ovmsclient

grpc_address, rest_address, model = sys.argv[1:]
# Without a number this client asks over gRPC for version 0, which TensorFlow Serving takes at its word.
which = {"model_name": model, "model_version": 1}
x = np.arange(12, dtype="float32").reshape(2, 2, 3)
result = {}
for name, client in (
    ("grpc", ovmsclient.make_grpc_client(grpc_address)),
    ("rest", ovmsclient.make_http_client(rest_address.removeprefix("http://"))),
):
    result[name] = {
        "status": client.get_model_status(**which)[1]["state"],
        "x": np.asarray(client.predict(inputs={"x": x}, **which)).tolist(),
    }
# Over REST it expects the names of OpenVINO's server in the metadata, not those of TensorFlow Serving.
result["metadata"] = ovmsclient.make_grpc_client(grpc_address).get_model_metadata(**which)
print(json.dumps(result))
