// A SavedModel in TensorFlow's C++ runtime, which is what TensorFlow Serving runs, without a line of Python.
//
//   serve_check FOLDER
//
// loads FOLDER, prints "ready", and then answers the requests on its standard input one by one until that ends. See
// cpp_session.py for the other side. A request is a line of words, then one tensor per input:
//
//   call SIGNATURE INPUTS                  answer: the outputs
//   time SIGNATURE INPUTS REPEATS          answer: `seconds`, a float64 per call
//   storm SIGNATURE INPUTS THREADS CALLS   answer: the output `z` of every call of every thread, one below the other
//
// A tensor is a line "NAME TYPE BYTES RANK SIZE...", TYPE the number of TensorFlow's DataType, and then that many bytes:
// the elements as they lie in memory, or for strings an 8-byte length before each. An answer is "ok COUNT" and the
// tensors, or "error CODE BYTES" and the message.

#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/platform/errors.h"
#include "tensorflow/core/public/session.h"

namespace {

using tensorflow::Tensor;
using NamedTensor = std::pair<std::string, Tensor>;

// What one request asks for, in the names of the graph.
struct Call {
  std::vector<NamedTensor> feeds;
  std::vector<std::string> output_names;
  std::vector<std::string> fetches;
};

bool ReadTensor(std::istream& in, NamedTensor* named) {
  std::string line;
  if (!std::getline(in, line)) return false;
  std::istringstream words(line);
  int type, rank;
  size_t n_bytes;
  words >> named->first >> type >> n_bytes >> rank;
  tensorflow::TensorShape shape;
  for (int i = 0; i < rank; ++i) {
    int64_t size;
    words >> size;
    shape.AddDim(size);
  }
  std::string bytes(n_bytes, '\0');
  in.read(bytes.data(), n_bytes);
  named->second = Tensor(static_cast<tensorflow::DataType>(type), shape);
  Tensor& tensor = named->second;
  if (tensor.dtype() == tensorflow::DT_STRING) {
    size_t at = 0;
    for (int64_t i = 0; i < tensor.NumElements(); ++i) {
      uint64_t length;
      std::memcpy(&length, bytes.data() + at, sizeof(length));
      tensor.flat<tensorflow::tstring>()(i) = bytes.substr(at + sizeof(length), length);
      at += sizeof(length) + length;
    }
  } else {
    std::memcpy(const_cast<char*>(tensor.tensor_data().data()), bytes.data(), n_bytes);
  }
  return static_cast<bool>(in);
}

void WriteTensors(const std::vector<NamedTensor>& tensors) {
  std::cout << "ok " << tensors.size() << "\n";
  for (const auto& [name, tensor] : tensors) {
    const auto data = tensor.tensor_data();
    std::cout << name << " " << tensor.dtype() << " " << data.size() << " " << tensor.dims();
    for (int i = 0; i < tensor.dims(); ++i) std::cout << " " << tensor.dim_size(i);
    std::cout << "\n";
    std::cout.write(data.data(), data.size());
  }
  std::cout.flush();
}

void WriteError(const absl::Status& status) {
  const std::string message(status.message());
  std::cout << "error " << absl::StatusCodeToString(status.code()) << " " << message.size() << "\n" << message;
  std::cout.flush();
}

// The checks that TensorFlow Serving makes before the graph sees a request: names, not shapes or types.
absl::Status Resolve(const tensorflow::SavedModelBundle& model, const std::string& signature,
                     const std::vector<NamedTensor>& inputs, Call* call) {
  const auto found = model.GetSignatures().find(signature);
  if (found == model.GetSignatures().end()) {
    return absl::FailedPreconditionError("no signature " + signature);
  }
  const tensorflow::SignatureDef& definition = found->second;
  if (definition.method_name() != "tensorflow/serving/predict") {
    return absl::FailedPreconditionError("no method to predict: " + signature);
  }
  if (inputs.size() != static_cast<size_t>(definition.inputs().size())) {
    return absl::InvalidArgumentError("number of inputs");
  }
  for (const auto& [name, tensor] : inputs) {
    const auto input = definition.inputs().find(name);
    if (input == definition.inputs().end()) return absl::InvalidArgumentError("no input " + name);
    call->feeds.emplace_back(input->second.name(), tensor);
  }
  for (const auto& [name, info] : definition.outputs()) {
    call->output_names.push_back(name);
    call->fetches.push_back(info.name());
  }
  return absl::OkStatus();
}

absl::Status Run(tensorflow::Session* session, const Call& call, std::vector<Tensor>* outputs) {
  return session->Run(call.feeds, call.fetches, {}, outputs);
}

absl::Status Predict(tensorflow::Session* session, const Call& call, std::vector<NamedTensor>* answer) {
  std::vector<Tensor> outputs;
  absl::Status status = Run(session, call, &outputs);
  for (size_t i = 0; i < outputs.size(); ++i) answer->emplace_back(call.output_names[i], outputs[i]);
  return status;
}

absl::Status Time(tensorflow::Session* session, const Call& call, int repeats, std::vector<NamedTensor>* answer) {
  Tensor seconds(tensorflow::DT_DOUBLE, {repeats});
  std::vector<Tensor> outputs;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    absl::Status status = Run(session, call, &outputs);
    if (!status.ok()) return status;
    seconds.flat<double>()(i) = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  answer->emplace_back("seconds", seconds);
  return absl::OkStatus();
}

// Many clients at once. Every call must give rows of the same length in `z`.
absl::Status Storm(tensorflow::Session* session, const Call& call, int n_threads, int n_calls,
                   std::vector<NamedTensor>* answer) {
  size_t z = 0;
  while (z < call.output_names.size() && call.output_names[z] != "z") ++z;
  if (z == call.output_names.size()) return absl::InvalidArgumentError("no output z");
  std::mutex mutex;
  absl::Status status;
  std::vector<float> rows;
  int64_t n_rows = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < n_threads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < n_calls; ++i) {
        std::vector<Tensor> outputs;
        const absl::Status own = Run(session, call, &outputs);
        std::lock_guard<std::mutex> lock(mutex);
        if (!own.ok()) {
          status = own;
          return;
        }
        const auto values = outputs[z].flat<float>();
        rows.insert(rows.end(), values.data(), values.data() + values.size());
        n_rows += outputs[z].dim_size(0);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  if (!status.ok()) return status;
  const int64_t width = n_rows == 0 ? 0 : static_cast<int64_t>(rows.size()) / n_rows;
  Tensor all(tensorflow::DT_FLOAT, {n_rows, width});
  std::copy(rows.begin(), rows.end(), all.flat<float>().data());
  answer->emplace_back("z", all);
  return absl::OkStatus();
}

absl::Status Answer(const tensorflow::SavedModelBundle& model, std::istringstream& words, std::istream& in,
                    std::vector<NamedTensor>* answer) {
  std::string verb, signature;
  int n_inputs = 0, first = 1, second = 1;
  words >> verb >> signature >> n_inputs >> first >> second;
  std::vector<NamedTensor> inputs(n_inputs);
  for (auto& input : inputs) {
    if (!ReadTensor(in, &input)) return absl::DataLossError("the request ends in the middle");
  }
  Call call;
  absl::Status status = Resolve(model, signature, inputs, &call);
  if (!status.ok()) return status;
  if (verb == "call") return Predict(model.GetSession(), call, answer);
  if (verb == "time") return Time(model.GetSession(), call, first, answer);
  if (verb == "storm") return Storm(model.GetSession(), call, first, second, answer);
  return absl::UnimplementedError(verb);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: serve_check FOLDER\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  tensorflow::SavedModelBundle model;
  const absl::Status loaded =
      tensorflow::LoadSavedModel(tensorflow::SessionOptions(), tensorflow::RunOptions(), argv[1], {"serve"}, &model);
  if (!loaded.ok()) {
    WriteError(loaded);
    return 1;
  }
  std::cout << "ready" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::vector<NamedTensor> answer;
    const absl::Status status = Answer(model, words, std::cin, &answer);
    if (status.ok()) {
      WriteTensors(answer);
    } else {
      WriteError(status);
    }
  }
  return 0;
}
