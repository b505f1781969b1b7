// The part of aws-lambda-ric that is written in C++ and that npm would have to compile, in JavaScript: three requests.
const http = require("node:http");
const Module = require("node:module");

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 }); // one after the other

function ask(method, path, body = "", headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { hostname, port, agent, method, path: `/2018-06-01/runtime/invocation/${path}`, headers };
    http
      .request(options, (answer) => {
        let bodyJson = "";
        answer.setEncoding("utf-8").on("data", (chunk) => (bodyJson += chunk));
        answer.on("end", () => resolve({ bodyJson, headers: answer.headers }));
      })
      .on("error", reject)
      .end(body);
  });
}

const client = {
  initializeClient() {},
  next: () => ask("GET", "next"),
  done: (id, body) => void ask("POST", `${id}/response`, body),
  error: (id, body) => void ask("POST", `${id}/error`, body, { "Lambda-Runtime-Function-Error-Type": "Error" }),
};

const load = Module._load;
Module._load = (name, ...rest) => (name === "./rapid-client.node" ? client : load(name, ...rest));
