// A client on @grpc/grpc-js. Arguments: address, model, file with a FileDescriptorSet of the services' messages.
const fs = require("fs");
const grpc = require("@grpc/grpc-js");
const { loadFileDescriptorSetFromBuffer } = require("@grpc/proto-loader");

const [address, model, descriptors] = process.argv.slice(2);
const options = { keepCase: true, longs: String, enums: String, defaults: true };
const definition = loadFileDescriptorSetFromBuffer(fs.readFileSync(descriptors), options);
const { PredictionService } = grpc.loadPackageDefinition(definition).tensorflow.serving;
const client = new PredictionService(address, grpc.credentials.createInsecure());

function predict(signature, inputs) {
  // A map goes as a list of pairs.
  const request = {
    model_spec: { name: model, signature_name: signature },
    inputs: Object.entries(inputs).map(([key, value]) => ({ key, value })),
  };
  return new Promise((resolve) => {
    client.Predict(request, { deadline: Date.now() + 10000 }, (error, response) =>
      resolve(error ? { code: grpc.status[error.code] } :
        Object.fromEntries(response.outputs.map(({ key, value }) => [key, value.float_val]))));
  });
}

const shape = (...sizes) => ({ dim: sizes.map((size) => ({ size })) });
const x = { dtype: "DT_FLOAT", tensor_shape: shape(1, 2, 3), float_val: [0, 1, 2, 3, 4, 5] };
const n = { dtype: "DT_INT32", tensor_shape: shape(), int_val: [2] };
const seed = { dtype: "DT_INT64", tensor_shape: shape(2), int64_val: [7, 0] };
(async () => {
  console.log(JSON.stringify({
    encode: await predict("encode", { x }),
    sample: await predict("sample", { n, seed }),
    unknown: await predict("no", { x }),
    missing: await predict("sample", { n }),
  }));
  client.close();
})();
