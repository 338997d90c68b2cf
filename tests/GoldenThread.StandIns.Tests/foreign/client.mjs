// Calls the server named on the command line in all four ways and prints what it saw as one JSON object.
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const [protoPath, address] = process.argv.slice(2);
const definition = protoLoader.loadSync(protoPath, { keepCase: true, enums: String, defaults: true });
const { echo } = grpc.loadPackageDefinition(definition).goldenthread.standins;
const client = new echo.v1.Echo(address, grpc.credentials.createInsecure());

const metadata = new grpc.Metadata();
metadata.set('echo-text', 'from node');
metadata.set('echo-bytes-bin', Buffer.from([0, 1, 254, 255]));

function seen(received) {
  return { text: received.get('echo-text'), bytes: received.get('echo-bytes-bin').map((value) => [...value]) };
}

function unary(request) {
  return new Promise((resolve) => {
    const result = {};
    const call = client.Say(request, metadata, (error, response) => {
      if (error) {
        resolve({ code: error.code, details: error.details, trailers: seen(error.metadata) });
      } else {
        result.text = response.text;
      }
    });
    call.on('metadata', (headers) => { result.headers = seen(headers); });
    call.on('status', (status) => {
      if (status.code === grpc.status.OK) {
        resolve({ ...result, trailers: seen(status.metadata) });
      }
    });
  });
}

function read(call) {
  return new Promise((resolve, reject) => {
    const texts = [];
    call.on('data', (response) => texts.push(response.text));
    call.on('end', () => resolve(texts));
    call.on('error', reject);
  });
}

function collect(texts) {
  return new Promise((resolve, reject) => {
    const call = client.Collect((error, response) => (error ? reject(error) : resolve(response.text)));
    texts.forEach((text) => call.write({ text }));
    call.end();
  });
}

function converse(texts) {
  const call = client.Converse();
  const answers = read(call);
  texts.forEach((text) => call.write({ text }));
  call.end();
  return answers;
}

function pastDeadline() {
  return new Promise((resolve) => {
    client.Say({ wait_for_cancellation: true }, { deadline: Date.now() + 300 }, (error) => resolve(error.code));
  });
}

const results = {
  unary: await unary({ text: 'one' }),
  error: await unary({ text: 'two', fail_with: 9 }),
  serverStreaming: await read(client.Repeat({ text: 'three', times: 3 })),
  clientStreaming: await collect(['a', 'b', 'c']),
  duplex: await converse(['x', 'y']),
  deadlineCode: await pastDeadline(),
};
client.close();
process.stdout.write(JSON.stringify(results));
