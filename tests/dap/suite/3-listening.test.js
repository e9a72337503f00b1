'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { Client } = require('../client');
const { Home, binary, until } = require('../home');
const { leave } = require('../wires');

const TOKEN = 'a-token-of-my-own-choice';

describe('perilune dap --listen', () => {
  const home = new Home();
  const clients = [];
  after(() => {
    for (const client of clients) client.kill();
    home.close();
  });

  const open = async (address) => {
    const client = new Client(binary, { env: home.env });
    clients.push(client);
    await client.open(address);
    return client;
  };

  // Launches a program that says so; returns the client when it has.
  const debug = async (address, token, text = 'while true do end') => {
    const client = await open(address);
    await client.initializeRequest();
    const program = home.write('p.lua', `print("in")\n${text}`).path;
    await client.launchRequest({ program, noDebug: true, ...(token && { token }) });
    await client.event('process');
    await client.event('initialized');
    await client.configurationDoneRequest();
    await client.output('in\n', 'stdout');
    return client;
  };

  const said = (server, words) => until(`${words} is said`, () => words.test(server.said));

  const farewell = async (client) => {
    client.expected = ['exited', 'terminated'];
    await leave(client);
    client.settle();
  };

  describe('on TCP', () => {
    it('tells where it listens, and a token of its own', async () => {
      const server = await home.listen(['127.0.0.1:0']);
      assert.equal(server.schema_version, 1);
      assert.match(server.address, /^127\.0\.0\.1:[1-9]\d*$/);
      assert.match(server.token, /^[0-9a-f]{64}$/);
      await farewell(await debug(server.address, server.token));
    });

    it('does not repeat a token that it was given', async () => {
      for (const [args, env] of [
        [['--token', TOKEN], {}],
        [['--token-file', path.join(home.work, 'token')], {}],
        [[], { PERILUNE_DAP_TOKEN: TOKEN }],
      ]) {
        fs.writeFileSync(path.join(home.work, 'token'), `${TOKEN}\n`, { mode: 0o600 });
        const server = await home.listen(['127.0.0.1:0', ...args], env);
        assert.equal(server.token, undefined);
        await farewell(await debug(server.address, TOKEN));
      }
    });

    it('prints for a person as well', async () => {
      const { spawn } = require('node:child_process');
      const child = spawn(binary, ['dap', '--listen', 'localhost:0'], { env: home.env });
      const text = await new Promise((resolve) => {
        let got = '';
        child.stdout.on('data', (data) => {
          got += data;
          if (got.includes('token')) resolve(got);
        });
      });
      assert.match(text, /^listening on 127\.0\.0\.1:\d+\ntoken: [0-9a-f]{64}\n$/);
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGINT');
      assert.equal(await ended, 130);
    });

    it('listens on IPv6 too', async () => {
      const server = await home.listen(['[::1]:0']);
      assert.match(server.address, /^\[::1\]:\d+$/);
      const socket = net.createConnection(Number(server.address.split(':').pop()), '::1');
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      socket.destroy();
    });

    describe('sends away', () => {
      let server;
      before(async () => (server = await home.listen(['127.0.0.1:0', '--token', TOKEN])));

      const cases = {
        'who shows another token': ['launch', { program: 'p.lua', token: `${TOKEN}x` }],
        'who shows a part of it': ['attach', { token: TOKEN.slice(0, -1) }],
        'who shows none': ['launch', { program: 'p.lua' }],
        'who shows something else': ['attach', { token: [TOKEN] }],
        'who asks for something else first': ['evaluate', { expression: 'os.exit()' }],
        'who asks for what runs cells': ['perilune/execute', { code: 'os.exit()' }],
      };
      for (const [who, [command, args]] of Object.entries(cases)) {
        it(who, async () => {
          const client = await open(server.address);
          await client.initializeRequest();
          assert.match(await client.refused(command, args), /^the token is missing or wrong: /);
          await client.ended;
          client.settle();
          await said(server, /perilune: a client was sent away: it did not show the right token\n$/);
          assert.ok(!server.said.includes(TOKEN.slice(0, -1)), 'the log tells the token');
        });
      }

      it('who shows a wrong one in initialize', async () => {
        const client = await open(server.address);
        assert.match(await client.refused('initialize', { adapterID: 'x', token: 'wrong' }), /^the token is/);
        await client.ended;
      });

      it('but not who shows it in initialize', async () => {
        const client = await open(server.address);
        await client.initializeRequest({ adapterID: 'x', token: TOKEN });
        assert.match(await client.refused('threads'), /^nothing is debugged yet/);
        await leave(client);
        client.settle();
      });

      it('who only wants to leave, in good order', async () => {
        const client = await open(server.address);
        await leave(client);
        client.settle();
      });

      it('who sends garbage, and goes on with the others', async () => {
        const other = await debug(server.address, TOKEN);
        const client = await open(server.address);
        client.socket.write('GET / HTTP/1.1\r\n\r\n');
        await client.ended;
        await said(server, /a header line is "GET \/ HTTP/);
        await farewell(other);
      });
    });

    it('serves several clients at once, and others after them', async () => {
      const server = await home.listen(['127.0.0.1:0']);
      const one = await debug(server.address, server.token);
      const two = await debug(server.address, server.token, 'print(io.read()) while true do end');
      await two.event('output', (body) => body.category === 'console');
      await farewell(one);
      await two.evaluateRequest({ expression: 'still here', context: 'repl' });
      await two.output('still here\n', 'stdout');
      await farewell(two);
      await farewell(await debug(server.address, server.token));
    });

    it('has no room for more than 64', async () => {
      const server = await home.listen(['127.0.0.1:0']);
      const many = await Promise.all(Array.from({ length: 64 }, () => open(server.address)));
      await Promise.all(many.map((client) => client.initializeRequest()));
      const late = await open(server.address);
      await late.ended;
      await said(server, /a client was sent away: there are 64 already/);
      await leave(many.pop());
      for (const client of many) client.kill();
    });

    it('does not listen where others could connect, unless told to', async () => {
      const ended = home.run(['dap', '--listen', '0.0.0.0:0']);
      assert.equal(ended.status, 2);
      assert.match(ended.stderr, /^perilune: 0\.0\.0\.0:0 can be reached by other machines, .*--allow-remote\n$/);
      const server = await home.listen(['0.0.0.0:0', '--allow-remote']);
      await farewell(await debug(`127.0.0.1:${server.address.split(':').pop()}`, server.token));
    });

    it('says what is wrong with the command line', () => {
      const cases = [
        [['--listen', '4711'], 2, /expected an address and a port/],
        [['--listen', '127.0.0.1:0', '--token', 'short'], 1, /--token is no token: it needs 16/],
        [['--listen', '127.0.0.1:0', '--token-file', '/nowhere'], 1, /reading the token in \/nowhere/],
        [['--listen', '192.0.2.1:0', '--allow-remote'], 1, /listening on 192\.0\.2\.1:0: /],
        [['--json'], 2, /--listen/],
        [['--token', TOKEN], 2, /--listen/],
      ];
      for (const [args, code, words] of cases) {
        const ended = home.run(['dap', ...args]);
        assert.match(ended.stderr, words);
        assert.equal(ended.status, code, args);
      }
    });
  });

  describe('on a Unix socket', () => {
    it('needs no token, and is for its owner alone', async () => {
      const socket = path.join(home.env.XDG_RUNTIME_DIR, 'dap');
      const server = await home.listen([`unix:${socket}`]);
      assert.deepEqual([server.address, server.token], [`unix:${socket}`, undefined]);
      assert.equal(fs.statSync(socket).mode & 0o777, 0o600);
      await farewell(await debug(server.address));
      server.child.kill('SIGTERM');
      assert.equal(await server.ended, 143);
      assert.equal(fs.existsSync(socket), false);
    });

    it('takes the place of a socket that was left, and of nothing else', async () => {
      const socket = path.join(home.env.XDG_RUNTIME_DIR, 'dap');
      const killed = await home.listen([`unix:${socket}`]);
      const occupied = home.run(['dap', '--listen', `unix:${socket}`]);
      assert.equal(occupied.status, 1);
      assert.match(occupied.stderr, /somebody listens there already/);
      killed.child.kill('SIGKILL');
      await killed.ended;
      const server = await home.listen([`unix:${socket}`]);
      server.child.kill('SIGTERM');
      await server.ended;
      fs.writeFileSync(socket, 'a file');
      assert.match(home.run(['dap', '--listen', `unix:${socket}`]).stderr, /something that is no socket/);
      fs.rmSync(socket);
    });

    it('does not listen in a folder that others may enter', () => {
      const open = path.join(home.folder, 'open');
      fs.mkdirSync(open);
      fs.chmodSync(open, 0o755);
      const ended = home.run(['dap', '--listen', `unix:${open}/dap`]);
      assert.equal(ended.status, 1);
      assert.match(ended.stderr, /open is not for its owner alone/);
    });
  });
});
