'use strict';

const assert = require('node:assert/strict');
const exercised = require('../exercised');
const schema = require('../schema');

// Judges what the suites before it have sent and heard.
describe('what perilune dap announces', () => {
  it('is in the protocol', () => {
    for (const name of exercised.announced.keys()) assert.ok(schema.capabilities.includes(name), name);
  });

  it('has been seen at work, each capability', () => {
    const announced = [...exercised.announced.keys()].filter((name) => exercised.announced.get(name) !== false);
    assert.deepEqual(announced.filter((name) => !exercised.capabilities.has(name)), []);
  });

  it('is all that it can do', () => {
    const unannounced = [...exercised.capabilities].filter((name) => !exercised.announced.has(name));
    assert.deepEqual(unannounced, []);
  });

  it('leaves no request of the protocol untried', () => {
    const tried = new Set([...exercised.requests, ...exercised.refused.keys()]);
    const untried = schema.requests.filter((name) => !tried.has(name));
    // What there is no way to do is refused, in words; the suite has tried some of it.
    const cannot = ['disassemble', 'goto', 'readMemory', 'reverseContinue', 'setInstructionBreakpoints', 'stepBack', 'terminateThreads', 'writeMemory'];
    assert.deepEqual(untried.filter((name) => !cannot.includes(name)), []);
  });
});
