'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { go, stopped, evaluate } = require('../debugging');
const { until, isAlive } = require('../home');
const { leave, overEachWire } = require('../wires');
const { debug } = require('../debugging');

overEachWire('a kernel that runs', (session) => {
  const attach = async (args = {}, configure = async () => {}) => {
    const client = await session.open();
    await client.initializeRequest({ adapterID: 'perilune', clientID: 'test', supportsVariableType: true });
    await client.attachRequest(args);
    const { body } = await client.event('process');
    await client.event('initialized');
    client.expected = ['loadedSource', 'module', 'thread'];
    await configure(client);
    await client.configurationDoneRequest();
    return Object.assign(client, { about: body });
  };

  const status = () => JSON.parse(session.home.run(['kernel', 'status', '--all', '--json']).stdout).kernels;

  const CELL = 'local n = 0\nfor i = 1, 3 do\n  n = n + i\nend\nprint(n)';

  // Breakpoints in a cell are set in the file that dumpCell names.
  const inCell = (code, line) => async (client) => {
    const { body } = await client.customRequest('dumpCell', { code });
    client.program = { path: body.sourcePath };
    const { body: set } = await client.setBreakpointsRequest({ source: { path: body.sourcePath }, breakpoints: [{ line }] });
    assert.equal(set.breakpoints[0].verified, true);
  };

  it('has to be there', async () => {
    const client = await session.open();
    await client.initializeRequest();
    assert.match(await client.refused('attach', {}), /^no kernel is running; /);
    assert.match(await client.refused('attach', { kernel: 'nobody' }), /^no kernel is called nobody/);
    assert.match(await client.refused('attach', { connectionFile: '/nowhere.json' }), /nowhere\.json/);
    assert.match(await client.refused('attach', { kernel: 'a', connectionFile: 'b' }), /^attach: give either kernel or/);
    await leave(client);
  });

  it('is found when it is the only one', async () => {
    const kernel = session.home.kernel('alone');
    const client = await attach();
    assert.deepEqual(client.about, { name: kernel, isLocalProcess: true, startMethod: 'attach' });
    await leave(client);
  });

  it('has to be named when there are others, by name, id or connection file', async () => {
    session.home.kernel('other');
    const client = await session.open();
    await client.initializeRequest();
    assert.equal(await client.refused('attach', {}), 'several kernels are running, say which: alone, other');
    await leave(client);
    const [about] = status('other').filter((it) => it.name === 'other');
    for (const args of [{ kernel: 'other' }, { kernel: about.id.slice(0, 8) }, { connectionFile: about.connection_file }]) {
      const client = await attach(args);
      assert.equal(client.about.name, 'other');
      await leave(client);
    }
  });

  it('stops in a cell, whoever runs it, and goes on', async () => {
    const client = await attach({ kernel: 'alone' }, inCell(CELL, 3));
    const cell = session.home.cell('alone', CELL);
    for (const n of ['0', '1', '3']) {
      const { frameId } = await stopped(client, 'breakpoint', 3);
      assert.equal((await evaluate(client, 'n', frameId)).result, n);
      await go(client);
    }
    assert.deepEqual(await cell.ended, { code: 0, text: '6\n' });
    await leave(client);
  });

  it('shows what cells write, if that is wanted', async () => {
    const client = await attach({ kernel: 'alone', redirectOutput: true });
    await session.home.cell('alone', 'print("heard")').ended;
    await client.output('heard\n', 'stdout');
    await leave(client);
  });

  it('is attached to while a cell runs', async () => {
    const gate = path.join(session.home.work, 'gate');
    const cell = session.home.cell('alone', `print("go") local x = 5\nwhile not io.open("${gate}") do end`);
    await until('the cell runs', () => status().some((it) => it.running));
    const client = await attach({ kernel: 'alone' });
    await client.pauseRequest({ threadId: 1 });
    const { body } = await client.event('stopped');
    assert.equal(body.reason, 'pause');
    const { body: trace } = await client.stackTraceRequest({ threadId: 1 });
    assert.equal((await evaluate(client, 'x', trace.stackFrames[0].id)).result, '5');
    fs.writeFileSync(gate, '');
    await go(client);
    assert.equal((await cell.ended).code, 0);
    fs.rmSync(gate);
    await leave(client);
  });

  const goesOn = (how, end) =>
    it(`goes on when ${how} while it is stopped`, async () => {
      const client = await attach({ kernel: 'alone' }, inCell(CELL, 3));
      const cell = session.home.cell('alone', CELL);
      await stopped(client, 'breakpoint', 3);
      client.expected.push('continued', 'terminated');
      await end(client);
      assert.deepEqual(await cell.ended, { code: 0, text: '6\n' });
      await client.ended;
      assert.deepEqual(await session.home.cell('alone', CELL).ended, { code: 0, text: '6\n' });
    });

  goesOn('its client disconnects', (client) => client.disconnectRequest());
  goesOn('its client terminates the session', async (client) => {
    await client.terminateRequest();
    await client.event('terminated');
    await client.disconnectRequest();
  });
  goesOn('its client goes without a word', async (client) => {
    if (client.socket) client.socket.destroy();
    else client.process.stdin.end();
  });
  goesOn('the adapter is killed', async (client) => {
    if (session.server) {
      session.server.child.kill('SIGKILL');
      await session.server.ended;
      session.server = await session.home.listen(['127.0.0.1:0']);
    } else {
      client.process.kill('SIGKILL');
    }
  });

  it('is attached to anew by restart', async () => {
    const client = await attach({ kernel: 'alone' }, inCell(CELL, 3));
    const cell = session.home.cell('alone', CELL);
    await stopped(client, 'breakpoint', 3);
    await client.restartRequest({});
    await client.event('continued');
    await client.event('process');
    await client.event('breakpoint');
    client.kill();
    assert.equal((await cell.ended).code, 0);
  });

  it('has two clients, which hear of each other', async () => {
    const one = await attach({ kernel: 'alone' }, inCell(CELL, 3));
    const two = await attach({ kernel: 'alone' });
    two.program = one.program;
    const cell = session.home.cell('alone', CELL);
    await stopped(one, 'breakpoint', 3);
    await stopped(two, 'breakpoint', 3);
    one.expected.push('breakpoint', 'continued');
    two.expected.push('breakpoint', 'continued');
    await two.setBreakpointsRequest({ source: { path: one.program.path }, breakpoints: [] });
    await two.continueRequest({ threadId: 1 });
    await one.event('continued');
    assert.deepEqual(await cell.ended, { code: 0, text: '6\n' });
    await leave(one);
    await leave(two);
  });

  it('is told of when it ends', async () => {
    const client = await attach({ kernel: 'other' });
    session.home.run(['kernel', 'stop', 'other']);
    await client.output('perilune: other has ended\n', 'console');
    await client.event('terminated');
    await leave(client);
  });

  it('is ended by disconnect, only if that is wanted', async () => {
    session.home.kernel('third');
    const [about] = status().filter((it) => it.name === 'third');
    const client = await attach({ kernel: 'third' });
    await leave(client, { terminateDebuggee: true });
    await until('the kernel has ended', () => !isAlive(about.pid));
  });
});

overEachWire('a program that has stopped', (session) => {
  const runsOn = (how, end) =>
    it(`runs on to its end when ${how}`, async () => {
      const log = path.join(session.home.work, `log-${how.replaceAll(' ', '-')}`);
      fs.rmSync(log, { force: true });
      const text = `print("in") -- @in
for i = 1, 3 do
  i = i + 0 -- @loop
end
local file = io.open("${log}", "w")
file:write("done")
file:close()`;
      const client = await debug(session, text, ['in', 'loop']);
      await stopped(client, 'breakpoint', 'in');
      client.expected.push('continued', 'output');
      const { pid } = client;
      await end(client);
      await client.ended;
      await until('the program is done', () => fs.existsSync(log) && fs.readFileSync(log, 'utf8') === 'done');
      await until('its process has ended', () => !isAlive(pid));
      assert.deepEqual(fs.readdirSync(session.home.env.TMPDIR), []);
    });

  runsOn('its client detaches', (client) => client.disconnectRequest({ terminateDebuggee: false }));
  runsOn('its client goes without a word', async (client) => {
    if (client.socket) client.socket.destroy();
    else client.process.stdin.end();
  });
  runsOn('the adapter is killed', async (client) => {
    if (session.server) {
      session.server.child.kill('SIGKILL');
      await session.server.ended;
      session.server = await session.home.listen(['127.0.0.1:0']);
    } else {
      client.process.kill('SIGKILL');
    }
  });
});
