const assert = require("node:assert/strict");
const test = require("node:test");
const { candidates, find } = require("../src/binary");

const somewhere = {
  setting: "",
  folder: "/home/me/project",
  home: "/home/me",
  path: "/usr/local/bin:/usr/bin",
  python: "/home/me/env/bin/python",
};

/**
 * Programs that are there: by path, whether each can debug.
 * @param {Record<string, boolean>} programs
 */
function there(programs) {
  return {
    exists: async (/** @type {string} */ program) => program in programs,
    debugs: async (/** @type {string} */ program) => programs[program],
  };
}

test("PATH comes first, then the person's folders, then the Python environment", () => {
  assert.deepEqual(candidates(somewhere), [
    "/usr/local/bin/perilune",
    "/usr/bin/perilune",
    "/home/me/.local/bin/perilune",
    "/home/me/.cargo/bin/perilune",
    "/home/me/env/bin/perilune",
    "/home/me/project/.venv/bin/perilune",
  ]);
});

test("a folder of PATH that is not absolute is no place to run programs from", () => {
  assert.deepEqual(candidates({ ...somewhere, path: ".::bin:/usr/bin", folder: undefined, python: undefined }), [
    "/usr/bin/perilune",
    "/home/me/.local/bin/perilune",
    "/home/me/.cargo/bin/perilune",
  ]);
});

test("the first program that can debug is taken", async () => {
  const programs = there({ "/usr/bin/perilune": false, "/home/me/.cargo/bin/perilune": true });
  assert.deepEqual(await find(somewhere, programs), { program: "/home/me/.cargo/bin/perilune" });
});

test("one that is too old is named", async () => {
  const found = await find(somewhere, there({ "/usr/bin/perilune": false }));
  assert.deepEqual(found, { problem: "/usr/bin/perilune is too old to debug. Install a newer perilune." });
});

test("where there is none, it is said where one was looked for", async () => {
  const found = await find(somewhere, there({}));
  assert.match("problem" in found ? found.problem : "", /not on PATH, nor in ~\/\.local\/bin, ~\/\.cargo\/bin/);
});

test("the setting has the only word", async () => {
  const programs = there({ "/usr/bin/perilune": true, "/home/me/project/target/perilune": true, "/home/me/perilune": true });
  const setting = (/** @type {string} */ setting) => find({ ...somewhere, setting }, programs);
  assert.deepEqual(await setting("${workspaceFolder}/target/perilune"), { program: "/home/me/project/target/perilune" });
  assert.deepEqual(await setting("target/perilune"), { program: "/home/me/project/target/perilune" });
  assert.deepEqual(await setting("~/perilune"), { program: "/home/me/perilune" });
  assert.deepEqual(await setting("/nowhere/perilune"), {
    problem: "The setting perilune.path names /nowhere/perilune, where there is no program.",
  });
});

test("a program of the setting that cannot debug is said", async () => {
  const found = await find({ ...somewhere, setting: "/bin/ls" }, there({ "/bin/ls": false }));
  assert.match("problem" in found ? found.problem : "", /^\/bin\/ls, .* is too old to debug, or no perilune\.$/);
});

test("whether a program can debug is asked of the program", async () => {
  // The interpreter of JavaScript is a program, but knows no `dap`.
  const found = await find({ ...somewhere, setting: process.execPath });
  assert.match("problem" in found ? found.problem : "", /too old to debug, or no perilune/);
});
