// A client in plain Node.js: every form of the REST interface, results as one line of JSON.
const [base, model] = process.argv.slice(2);
const url = `${base}/v1/models/${model}`;

async function ask(path, body) {
  const options = body && { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(url + path, options);
  return { status: response.status, ...(await response.json()) };
}

const x = [[[0, 1, 2], [3, 4, 5]], [[1, 1, 1], [1, 1, 1]]];
console.log(JSON.stringify({
  status: await ask(""),
  metadata: await ask("/metadata"),
  rows: await ask(":predict", { instances: x }),
  namedRows: await ask(":predict", { signature_name: "encode", instances: x.map((each) => ({ x: each })) }),
  columns: await ask(":predict", { signature_name: "encode", inputs: x }),
  version: await ask("/versions/1:predict", { inputs: { x } }),
  sample: await ask(":predict", { signature_name: "sample", inputs: { n: 2, seed: [7, 0] } }),
  sampleRows: await ask(":predict", { signature_name: "sample_rows", instances: [7, 8] }),
  generate: await ask(":predict", { signature_name: "generate", inputs: { n: 3, temperature: 1 } }),
  generateAsRows: await ask(":predict", { signature_name: "generate", instances: [{ n: 3, temperature: 1 }] }),
  both: await ask(":predict", { instances: x, inputs: x }),
  wrongShape: await ask(":predict", { inputs: [[1, 2]] }),
  fraction: await ask(":predict", { signature_name: "sample", inputs: { n: 1.5, seed: [7, 0] } }),
  unknown: await ask(":predict", { signature_name: "no", inputs: x }),
}));
