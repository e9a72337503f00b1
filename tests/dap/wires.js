// Over which wire a suite talks: each of them has to be as good as the other.
'use strict';

const { Client } = require('./client');
const { Home, binary } = require('./home');

// Describes the same behaviour over standard input and output, and over TCP. In the tests,
// `session.home` is a user's home and `session.open()` a client, which is checked when the test is
// over.
function overEachWire(title, tests) {
  for (const wire of ['stdio', 'TCP']) {
    describe(`${title}, over ${wire}`, () => {
      const session = {};

      before(async () => {
        session.home = new Home();
        if (wire === 'TCP') session.server = await session.home.listen(['127.0.0.1:0']);
      });

      after(() => session.home.close());

      beforeEach(() => {
        session.clients = [];
        session.open = async () => {
          const client = new Client(binary, { env: session.home.env, cwd: session.home.work });
          await client.open(session.server?.address);
          if (session.server) {
            // As an editor that has the token in its configuration.
            const send = client.doSend.bind(client);
            client.doSend = (command, args, answer) => {
              const shows = ['launch', 'attach'].includes(command);
              send(command, shows ? { ...args, token: session.server.token } : args, answer);
            };
          }
          session.clients.push(client);
          return client;
        };
      });

      afterEach(function () {
        for (const client of session.clients) client.kill();
        if (this.currentTest.state === 'passed') {
          for (const client of session.clients) client.settle();
        } else {
          for (const client of session.clients) {
            console.error(client.history.slice(-12).map((it) => JSON.stringify(it).slice(0, 400)).join('\n'));
            console.error(client.said ?? '');
          }
        }
      });

      tests(session);
    });
  }
}

// Launches a program, and lets it begin once `configure` has said what is wanted. Returns the client.
async function launch(session, program, options = {}, configure = async () => {}) {
  const client = await session.open();
  await client.initializeRequest({ adapterID: 'perilune', ...options.initialize });
  const given = { ...options };
  delete given.initialize;
  await client.launchRequest({ program, ...given });
  client.pid = (await client.event('process')).body.systemProcessId;
  await client.event('initialized');
  await configure(client);
  await client.configurationDoneRequest();
  return client;
}

// Waits until the program has ended, with this exit code, and says farewell.
async function goodbye(client, code = 0) {
  const exited = await client.event('exited');
  if (exited.body.exitCode !== code) {
    throw new Error(`exit code ${exited.body.exitCode} instead of ${code}: ${JSON.stringify(client.events)}`);
  }
  await client.event('terminated');
  await leave(client);
}

// Ends the session in good order.
async function leave(client, args) {
  await client.disconnectRequest(args);
  await client.ended;
}

module.exports = { overEachWire, launch, goodbye, leave };
