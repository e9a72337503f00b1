'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { until, isAlive } = require('../home');
const { goodbye, launch, leave, overEachWire } = require('../wires');

// Writes down what a program does, where nobody hears it any more.
const WITNESS = `
local function witness(text)
  local file = assert(io.open(arg[1], "a"))
  file:write(text, "\\n")
  file:close()
end
`;

overEachWire('a program that is launched without debugging', (session) => {
  const run = (text, options) => {
    const program = session.home.write('program.lua', text);
    return launch(session, program.path, { noDebug: true, ...options });
  };

  it('writes to both outputs, in order, before the end is told', async () => {
    const client = await run('print("one")\nio.stderr:write("two\\n")\nio.write("three")\n');
    await client.output('one\n', 'stdout');
    await client.output('two\n', 'stderr');
    await client.output('three', 'stdout');
    await goodbye(client);
    const events = client.history.map((it) => it.event).filter(Boolean);
    assert.deepEqual(events, ['process', 'initialized', 'output', 'output', 'output', 'exited', 'terminated']);
    assert.equal(await client.ended, session.server ? false : 0);
  });

  it('has its arguments, its environment and its folder', async () => {
    const program = path.join(session.home.work, 'program.lua');
    fs.mkdirSync(path.join(session.home.work, 'sub'), { recursive: true });
    session.home.write('sub/mod.lua', 'return "module of the folder"\n');
    session.home.env.PERILUNE_TEST_GONE = 'still here';
    const client = await run(
      `print(arg[0], #arg, arg[1], arg[2], select("#", ...), ...)
print(os.getenv("GREETING"), os.getenv("PERILUNE_TEST_GONE"), os.getenv("PERILUNE_DAP_TOKEN"))
print(require("mod"), io.open("mod.lua") ~= nil)`,
      { args: ['a b', ''], cwd: 'sub', program: '../program.lua', env: { GREETING: 'hällo', PERILUNE_TEST_GONE: null } },
    );
    await client.output(`${program}\t2\ta b\t\t2\ta b\t\n`, 'stdout');
    await client.output('hällo\tnil\tnil\nmodule of the folder\ttrue\n', 'stdout');
    await goodbye(client);
  });

  it('takes what editors write for nothing, and texts without quotes', async () => {
    const nothing = [null, false, []];
    for (const value of nothing) {
      const client = await run('print(#arg, io.open("program.lua") ~= nil)', { args: value, env: value, cwd: value });
      await client.output('0\ttrue\n', 'stdout');
      await goodbye(client);
    }
    const client = await run('print(arg[1], arg[2], os.getenv("N"))', { args: [5, true], env: { N: 2.5 } });
    await client.output('5\ttrue\t2.5\n', 'stdout');
    await goodbye(client);
  });

  it('is launched by a client that says nothing of itself', async () => {
    const client = await session.open();
    await client.customRequest('initialize');
    await client.launchRequest({ program: session.home.write('program.lua', 'print("hi")').path });
    await client.event('initialized');
    await client.configurationDoneRequest();
    await client.output('hi\n', 'stdout');
    client.expected = ['process', 'thread', 'loadedSource', 'module'];
    await goodbye(client);
  });

  it('ends with the exit code that it wants', async () => {
    const client = await run('print("bye")\nos.exit(7)');
    await client.output('bye\n', 'stdout');
    await goodbye(client, 7);
  });

  it('ends with 1 and its traceback when it fails', async () => {
    const client = await run('local function f()\n  error("no luck")\nend\nf()');
    const { body } = await client.event('output');
    assert.equal(body.category, 'stderr');
    assert.ok(body.output.startsWith("RuntimeError: program.lua:2: no luck\n"), body.output);
    assert.ok(!body.output.includes('\u001b'), 'colours for a client that shows none');
    await goodbye(client, 1);
  });

  it('has a coloured traceback where the client shows colours', async () => {
    const client = await run('error("no luck")', { initialize: { supportsANSIStyling: true } });
    const { body } = await client.event('output');
    assert.ok(body.output.includes('\u001b['), body.output);
    await goodbye(client, 1);
  });

  it('fails likewise when it is no Lua', async () => {
    const client = await run('local = 1');
    const { body } = await client.event('output');
    assert.equal(body.category, 'stderr');
    assert.match(body.output, /^SyntaxError: .*program\.lua:1: <name> expected near '='/);
    await goodbye(client, 1);
  });

  for (const [signal, number] of [
    ['SIGKILL', 9],
    ['SIGSEGV', 11],
  ]) {
    it(`is told of when ${signal} ends it, with the code of a shell`, async () => {
      const client = await run('print("here")\nwhile true do end');
      await client.output('here\n', 'stdout');
      process.kill(client.pid, signal);
      // What the process says of that itself.
      client.expected = ['output'];
      await goodbye(client, 128 + number);
    });
  }

  it('loses nothing of what it writes quickly', async () => {
    const client = await run('for i = 1, 200000 do print(i) end');
    let expected = 1;
    let rest = '';
    while (expected <= 200_000) {
      const { body } = await client.event('output');
      const lines = (rest + body.output).split('\n');
      rest = lines.pop();
      for (const line of lines) assert.equal(line, String(expected++));
    }
    await goodbye(client);
  });

  it('shows values and tables as text', async () => {
    const client = await run('display({1, 2})\nreturn 42');
    const { body } = await client.event('output');
    assert.equal(body.category, 'stdout');
    assert.match(body.output, /^\{1, 2\}\n$/);
    await goodbye(client);
  });

  it('asks for a line, which the debug console gives', async () => {
    const client = await run('local name = perilune.input("Name: ")\nprint("hello " .. name)\nprint(io.read())');
    await client.output('Name: ', 'console');
    const answer = await client.evaluateRequest({ expression: 'Ada', context: 'repl' });
    assert.deepEqual(answer.body, { result: '', variablesReference: 0 });
    await client.output('hello Ada\n', 'stdout');
    const { body } = await client.event('output', (it) => it.category === 'console');
    assert.match(body.output, /the program waits for a line/);
    await client.evaluateRequest({ expression: '1 + 1', context: 'repl' });
    await client.output('1 + 1\n', 'stdout');
    await goodbye(client);
  });

  it('has no debugger at all', async () => {
    const threads = (client) => {
      const tasks = `/proc/${client.pid}/task`;
      return fs.readdirSync(tasks).map((it) => fs.readFileSync(`${tasks}/${it}/comm`, 'utf8').trim());
    };
    for (const noDebug of [true, false]) {
      const client = await run('print("go") while true do end', { noDebug });
      await client.output('go\n', 'stdout');
      assert.equal(threads(client).includes('debugger'), !noDebug);
      client.expected = ['exited', 'terminated', 'thread', 'loadedSource', 'module'];
      await leave(client);
    }
  });

  it('is asked for nothing that only a debugger knows', async () => {
    const client = await run('io.read()', {}, async () => {});
    await client.event('output');
    const { body } = await client.setBreakpointsRequest({ source: { path: '/x.lua' }, breakpoints: [{ line: 3 }] });
    assert.deepEqual(body.breakpoints, [
      { verified: false, line: 3, message: 'it was started without debugging' },
    ]);
    const exceptions = await client.setExceptionBreakpointsRequest({ filters: ['uncaught'] });
    assert.deepEqual(exceptions.body, { breakpoints: [] });
    assert.deepEqual((await client.threadsRequest()).body.threads, [{ id: 1, name: 'main' }]);
    for (const [command, args] of [
      ['pause', { threadId: 1 }],
      ['stackTrace', { threadId: 1 }],
      ['evaluate', { expression: '1', context: 'watch' }],
    ]) {
      assert.equal(await client.refused(command, args), `${command}: it was started without debugging`);
    }
    await client.evaluateRequest({ expression: '', context: 'repl' });
    await goodbye(client);
  });

  it('is ended by terminate, whatever it does', async () => {
    const client = await run('print("go")\nwhile true do pcall(function() while true do end end) end');
    await client.output('go\n', 'stdout');
    await client.terminateRequest();
    const { body } = await client.event('exited');
    assert.equal(body.exitCode, 128 + 15);
    await client.event('terminated');
    assert.equal(isAlive(client.pid), false);
    assert.equal(await client.refused('threads'), 'it has ended');
    await client.terminateRequest();
    await leave(client);
  });

  it('is ended by disconnect', async () => {
    const client = await run('print("go")\nwhile true do end');
    await client.output('go\n', 'stdout');
    client.expected = ['exited', 'terminated'];
    await leave(client);
    assert.equal(isAlive(client.pid), false);
  });

  const running = (how, end) =>
    it(`runs on to its end when ${how}`, async () => {
      const log = path.join(session.home.work, `witness-${how.replaceAll(' ', '-')}`);
      fs.rmSync(log, { force: true });
      const gate = `${log}.gate`;
      fs.rmSync(gate, { force: true });
      const client = await run(
        `${WITNESS}print("go")
while not io.open(arg[2]) do end
print("nobody hears this")
io.stderr:write("nor this\\n")
witness(tostring(io.read()))
witness("done")`,
        { args: [log, gate] },
      );
      await client.output('go\n', 'stdout');
      await end(client);
      await client.ended;
      assert.equal(isAlive(client.pid), true);
      fs.writeFileSync(gate, '');
      await until('the program is done', () => fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('done'));
      assert.equal(fs.readFileSync(log, 'utf8'), 'nil\ndone\n');
      await until('its process has ended', () => !isAlive(client.pid));
      assert.deepEqual(fs.readdirSync(session.home.env.TMPDIR), []);
    });

  running('the client says so at its farewell', (client) => client.disconnectRequest({ terminateDebuggee: false }));
  running('the client goes without a word', async (client) => {
    if (client.socket) client.socket.destroy();
    else client.process.stdin.end();
  });
  running('the folder of its sockets goes too', (client) => {
    for (const name of fs.readdirSync(session.home.env.TMPDIR)) {
      fs.rmSync(path.join(session.home.env.TMPDIR, name), { recursive: true });
    }
    if (client.socket) client.socket.destroy();
    else client.process.stdin.end();
  });

  it('is restarted, with what was edited meanwhile', async () => {
    const client = await run('print("first")\nwhile true do end');
    await client.output('first\n', 'stdout');
    session.home.write('program.lua', 'print("second", ...)\nwhile true do end');
    const before = client.pid;
    await client.restartRequest({});
    assert.equal(isAlive(before), false);
    const { body } = await client.event('process');
    assert.notEqual(body.systemProcessId, before);
    await client.output('second\n', 'stdout');
    session.home.write('program.lua', 'print("third", ...)');
    const program = path.join(session.home.work, 'program.lua');
    await client.restartRequest({ arguments: { program, args: ['x'], noDebug: true } });
    await client.event('process');
    await client.output('third\tx\n', 'stdout');
    await goodbye(client);
  });

  it('can be restarted when it has ended', async () => {
    const client = await run('print("again")');
    await client.output('again\n', 'stdout');
    await client.event('exited');
    await client.event('terminated');
    await client.restartRequest({});
    await client.event('process');
    await client.output('again\n', 'stdout');
    await goodbye(client);
  });

  it('has ended for good when it cannot be restarted', async () => {
    const client = await run('while true do end');
    fs.rmSync(path.join(session.home.work, 'program.lua'));
    assert.match(await client.refused('restart', {}), /^reading .*program\.lua: No such file/);
    await client.event('terminated');
    await leave(client);
  });

  it('leaves nothing behind', () => {
    assert.deepEqual(fs.readdirSync(session.home.env.TMPDIR), []);
  });
});

overEachWire('what cannot be launched', (session) => {
  const refused = async (args) => {
    const client = await session.open();
    await client.initializeRequest();
    const words = await client.refused('launch', args);
    // What was wrong can be set right.
    await client.launchRequest({ program: session.home.write('right.lua', 'print(1)').path, noDebug: true });
    await client.event('process');
    await client.event('initialized');
    client.expected = ['exited', 'terminated'];
    await leave(client);
    return words;
  };

  const cases = {
    'no program': [{}, /^launch: program is missing, the path of the Lua file to run$/],
    'an empty one': [{ program: '' }, /^launch: program is missing/],
    'a file that is not there': [{ program: '/nowhere/x.lua' }, /^reading \/nowhere\/x\.lua: No such file/],
    'a file that is no Lua': [{ program: 'notes.txt' }, /neither a notebook \(.ipynb\) nor a Lua script/],
    'a notebook': [{ program: 'book.ipynb' }, /no Lua file; cells of a notebook are debugged in the kernel/],
    'a folder that is not there': [{ program: 'x.lua', cwd: '/nowhere' }, /^launch: cwd is \/nowhere, which is no folder$/],
    'arguments that are no list': [{ program: 'x.lua', args: 'a b' }, /^launch: args: invalid type: string "a b"/],
    'a variable without a name': [{ program: 'x.lua', env: { '': 'x' } }, /^launch: env has "", which is no name/],
    'both a program and a notebook': [{ program: 'x.lua', notebook: true }, /^launch: give either program/],
    'a project whose settings are wrong': [{ program: '../right.lua', cwd: 'broken' }, /perilune\.toml/],
  };
  for (const [name, [args, words]] of Object.entries(cases)) {
    it(`is ${name}: the client hears why`, async () => {
      session.home.write('notes.txt', '');
      session.home.write('book.ipynb', '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}');
      session.home.write('broken/perilune.toml', '[kernel]\nmemory_limit = "much"\n');
      session.home.write('right.lua', '');
      assert.match(await refused(args), words);
    });
  }

  it('is anything before initialize', async () => {
    const client = await session.open();
    if (session.server) {
      assert.match(await client.refused('threads'), /^the token is missing or wrong/);
      return;
    }
    assert.equal(await client.refused('threads'), 'initialize comes first');
    await leave(client);
  });

  it('is anything twice', async () => {
    const client = await launch(session, session.home.write('p.lua', 'while true do end').path, { noDebug: true });
    assert.equal(await client.refused('initialize', { adapterID: 'x' }), 'initialize came before');
    for (const command of ['launch', 'attach']) {
      assert.match(await client.refused(command, { program: 'x.lua' }), /^something is debugged already/);
    }
    client.expected = ['exited', 'terminated'];
    await leave(client);
  });

  it('is told of before launch and attach', async () => {
    const client = await session.open();
    await client.initializeRequest();
    for (const command of ['threads', 'restart']) {
      const words = await client.refused(command, { token: session.server?.token });
      assert.equal(words, 'nothing is debugged yet: launch or attach comes first');
    }
    await leave(client);
  });
});
