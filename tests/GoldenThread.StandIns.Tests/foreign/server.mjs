// Serves echo.proto on a free port of 127.0.0.1, prints the port, and stops when its standard input closes.
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const [protoPath] = process.argv.slice(2);
const definition = protoLoader.loadSync(protoPath, { keepCase: true, enums: String, defaults: true });
const { echo } = grpc.loadPackageDefinition(definition).goldenthread.standins;

function echoed(metadata) {
  const answer = new grpc.Metadata();
  metadata.get('echo-text').forEach((value) => answer.add('echo-text', value));
  metadata.get('echo-bytes-bin').forEach((value) => answer.add('echo-bytes-bin', value));
  return answer;
}

const handlers = {
  Say(call, callback) {
    const trailers = echoed(call.metadata);
    if (call.request.fail_with !== 0) {
      callback({ code: call.request.fail_with, details: `refused: ${call.request.text}`, metadata: trailers });
      return;
    }
    if (call.request.wait_for_cancellation) {
      return;
    }
    call.sendMetadata(echoed(call.metadata));
    callback(null, { text: call.request.text }, trailers);
  },

  Repeat(call) {
    for (let index = 0; index < call.request.times; index += 1) {
      call.write({ text: `${call.request.text} ${index}` });
    }
    call.end();
  },

  Collect(call, callback) {
    const texts = [];
    call.on('data', (request) => texts.push(request.text));
    call.on('end', () => callback(null, { text: texts.join(',') }));
  },

  Converse(call) {
    call.on('data', (request) => call.write({ text: `re: ${request.text}` }));
    call.on('end', () => call.end());
  },
};

const server = new grpc.Server();
server.addService(echo.v1.Echo.service, handlers);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  process.stdout.write(`${port}\n`);
});

process.stdin.resume();
process.stdin.on('end', () => server.forceShutdown());
