// A user's home, programs in it, and kernels that surely end.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const binary = process.env.PERILUNE_BINARY;
if (!binary) throw new Error('PERILUNE_BINARY names no perilune (tests/run dap does)');

class Home {
  constructor() {
    // Canonical, as debuggers name files.
    this.folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'perilune-tests-')));
    const inside = (name) => path.join(this.folder, name);
    this.env = {
      ...process.env,
      HOME: this.folder,
      XDG_CONFIG_HOME: inside('config'),
      XDG_STATE_HOME: inside('state'),
      XDG_DATA_HOME: inside('data'),
      XDG_RUNTIME_DIR: inside('run'),
      TMPDIR: inside('tmp'),
      JUPYTER_RUNTIME_DIR: inside('jupyter'),
      PERILUNE_DAP_TOKEN: undefined,
    };
    for (const name of ['run', 'tmp', 'work']) fs.mkdirSync(inside(name), { mode: 0o700 });
    this.work = inside('work');
    this.servers = [];
    this.kernels = [];
  }

  // Writes a file of Lua. Lines that end with `-- @name` can be asked for: `file.name`.
  write(name, text) {
    const file = path.join(this.work, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    const lines = { path: file };
    text.split('\n').forEach((line, index) => {
      const mark = line.match(/-- @(\w+)$/);
      if (mark) lines[mark[1]] = index + 1;
    });
    return lines;
  }

  // Runs `perilune ...`; returns how it ended.
  run(args, options = {}) {
    return spawnSync(binary, args, { env: this.env, cwd: this.work, encoding: 'utf8', timeout: 60_000, ...options });
  }

  // Starts a daemon, and returns its name.
  kernel(name) {
    const ended = this.run(['kernel', 'start', '--daemon', '--name', name, '--json', '--cwd', this.work]);
    if (ended.status !== 0) throw new Error(`the kernel ${name} did not start: ${ended.stderr}`);
    this.kernels.push(name);
    return name;
  }

  // Runs a cell in a kernel, in the background; `ended` holds what became of it.
  cell(kernel, code) {
    const child = spawn(binary, ['kernel', 'exec', kernel, '-e', code], { env: this.env, cwd: this.work });
    let written = '';
    let said = '';
    child.stdout.on('data', (data) => (written += data));
    child.stderr.on('data', (data) => (said += data));
    // That a debugger has stopped it is told, and is no output of the cell's.
    const text = () => written + said.replaceAll(/^perilune: (a debugger has stopped|the code goes on).*\n/gm, '');
    const ended = new Promise((resolve) => child.once('close', (code) => resolve({ code, text: text() })));
    return { child, ended };
  }

  // Starts `perilune dap --listen ...`; returns where it listens.
  async listen(args, env = {}) {
    const child = spawn(binary, ['dap', '--listen', ...args, '--json'], { env: { ...this.env, ...env }, cwd: this.work });
    this.servers.push(child);
    const server = { child, said: '' };
    child.stderr.on('data', (data) => (server.said += data));
    server.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    const line = await new Promise((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (data) => {
        text += data;
        if (text.includes('\n')) resolve(text);
      });
      child.once('close', () => reject(new Error(`dap --listen ended: ${server.said}`)));
    });
    return Object.assign(server, JSON.parse(line));
  }

  close() {
    for (const server of this.servers) server.kill('SIGKILL');
    for (const name of this.kernels) this.run(['kernel', 'stop', name, '--force']);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// Waits until something is so; it is looked at again and again.
async function until(what, holds, limit = 10_000) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${limit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that has ended and that nobody has asked about is dead as well.
  return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
};

module.exports = { Home, binary, until, isAlive };
