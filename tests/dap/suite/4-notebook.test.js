'use strict';

const assert = require('node:assert/strict');
const { isAlive, until } = require('../home');
const { leave, overEachWire } = require('../wires');

// What VS Code's notebooks need of `perilune dap` beside debugging.
overEachWire('a front end for cells', (session) => {
  const begin = async (command, args) => {
    const client = await session.open();
    client.expected = ['exited', 'terminated', 'perilune/message'];
    await client.initializeRequest();
    const { body } = await client.customRequest(command, { notebook: true, noDebug: true, ...args });
    const process = await client.event('process');
    await client.event('initialized');
    await client.configurationDoneRequest();
    return Object.assign(client, { about: body, pid: process.body.systemProcessId });
  };

  const execute = (client, code, more = {}) => client.customRequest('perilune/execute', { code, ...more });

  // The messages of one type that belong to a request, taken.
  const messages = (client, type, request) => {
    const events = client.events.filter(({ body }) => body?.msgType === type && body.request === request);
    return events.map(({ body }) => body.content);
  };

  it('starts a kernel, and is told how to reach it', async () => {
    const client = await begin('launch');
    assert.ok(client.about.connectionFile.endsWith('.json'));
    assert.equal(client.about.kernelInfo.implementation, 'perilune');
    await leave(client);
    assert.equal(isAlive(client.pid), false);
  });

  it('runs cells, and hears all that they cause before their reply', async () => {
    const client = await begin('launch');
    const request = client.sequence;
    const { body } = await execute(client, 'x = 6\nprint("out")\nx * 7');
    assert.equal(body.status, 'ok');
    assert.equal(body.execution_count, 1);
    assert.deepEqual(messages(client, 'stream', request), [{ name: 'stdout', text: 'out\n' }]);
    const [result] = messages(client, 'execute_result', request);
    assert.equal(result.data['text/plain'], '42');
    assert.deepEqual(messages(client, 'status', request), [{ execution_state: 'busy' }, { execution_state: 'idle' }]);
    const failed = await execute(client, 'error("no")');
    assert.equal(failed.body.status, 'error');
    assert.match(failed.body.evalue, /no$/);
    await leave(client);
  });

  it('answers what cells ask', async () => {
    const client = await begin('launch');
    const reply = execute(client, 'print("hello " .. perilune.input("Name: "))');
    const { body } = await client.event('perilune/message', (it) => it.msgType === 'input_request');
    assert.deepEqual([body.channel, body.content], ['stdin', { prompt: 'Name: ', password: false }]);
    await client.customRequest('perilune/input', { value: 'Ada' });
    assert.equal((await reply).body.status, 'ok');
    const { body: stream } = await client.event('perilune/message', (it) => it.msgType === 'stream');
    assert.equal(stream.content.text, 'hello Ada\n');
    assert.equal(await client.refused('perilune/input', { value: 'x' }), 'no code waits for input');
    await leave(client);
  });

  it('interrupts cells', async () => {
    const client = await begin('launch');
    const reply = execute(client, 'print("go") while true do end');
    await client.event('perilune/message', (it) => it.msgType === 'stream');
    await client.customRequest('perilune/interrupt');
    const { body } = await reply;
    assert.deepEqual([body.status, body.ename], ['error', 'Interrupted']);
    await leave(client);
  });

  it('starts afresh', async () => {
    const client = await begin('launch');
    await execute(client, 'x = 1');
    const reply = execute(client, 'while true do end').catch((error) => error.message);
    const { body } = await client.customRequest('perilune/restart');
    assert.equal(await reply, 'the session has begun anew');
    // Who restarts needs not be told of it.
    const refused = client.history.find((it) => it.command === 'perilune/execute' && it.success === false);
    assert.equal(refused.body.error.showUser, false);
    assert.notEqual(body.connectionFile, client.about.connectionFile);
    const process = await client.event('process');
    assert.notEqual(process.body.systemProcessId, client.pid);
    await execute(client, 'print(x)');
    const { body: stream } = await client.event('perilune/message', (it) => it.msgType === 'stream');
    assert.equal(stream.content.text, 'nil\n');
    await leave(client);
  });

  it('is told when the kernel dies', async () => {
    const client = await begin('launch');
    const reply = execute(client, 'print("go") while true do end').catch((error) => error.message);
    await client.event('perilune/message', (it) => it.msgType === 'stream');
    process.kill(client.pid, 'SIGKILL');
    assert.equal(await reply, 'it has ended');
    assert.equal((await client.event('exited')).body.exitCode, 128 + 9);
    await client.event('terminated');
    await leave(client);
  });

  it('leaves no kernel behind when it is killed', async () => {
    const client = await begin('launch');
    execute(client, 'print("go") while true do end').catch(() => {});
    await client.event('perilune/message', (it) => it.msgType === 'stream');
    client.kill();
    await until('the kernel has ended', () => !isAlive(client.pid));
    client.settle = () => {};
  });

  it('hears what others do in a kernel that it has attached to', async () => {
    const kernel = session.home.kernel('shared');
    const client = await begin('attach', { kernel });
    const other = session.home.cell(kernel, 'y = 5 print("theirs")');
    assert.deepEqual(await other.ended, { code: 0, text: 'theirs\n' });
    const { body } = await client.event('perilune/message', (it) => it.msgType === 'stream');
    assert.deepEqual([body.request, body.content.text], [null, 'theirs\n']);
    assert.equal((await execute(client, 'assert(y == 5)')).body.status, 'ok');
    await leave(client);
    assert.equal((await session.home.cell(kernel, 'print(y)').ended).text, '5\n');
  });

  it('is refused what makes no sense', async () => {
    const client = await begin('launch');
    assert.equal(await client.refused('perilune/execute', {}), 'perilune/execute: code is missing');
    assert.equal(await client.refused('perilune/nonsense', {}), 'perilune/nonsense is unknown');
    assert.match(await client.refused('perilune/comm', { msgType: 'x' }), /^perilune\/comm: msgType is comm_open/);
    await leave(client);
  });
});
