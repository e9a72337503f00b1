// Which program `perilune` is meant, and whether it can debug.

const { execFile } = require("node:child_process");
const { access, constants } = require("node:fs/promises");
const path = require("node:path");

/**
 * Where to look.
 * @typedef {object} Surroundings
 * @property {string} setting what the setting `perilune.path` says; empty if nothing
 * @property {string | undefined} folder of the workspace
 * @property {string} home
 * @property {string | undefined} path the variable PATH
 * @property {string | undefined} python the interpreter that is chosen for Python
 */

/**
 * What was found: a program that can debug, or why there is none.
 * @typedef {{program: string} | {problem: string}} Found
 */

/**
 * What can be asked of a program. Replaced in tests.
 * @typedef {object} Asking
 * @property {(program: string) => Promise<boolean>} exists whether this is a file that can be run
 * @property {(program: string) => Promise<boolean>} debugs whether it knows `perilune dap`
 */

/** @type {Asking} */
const asking = {
  exists: (program) => access(program, constants.X_OK).then(() => true, () => false),
  debugs: (program) =>
    new Promise((resolve) => {
      execFile(program, ["dap", "--help"], { timeout: 20_000 }, (error) => resolve(error === null));
    }),
};

/**
 * The program that the setting names, as a path.
 * @param {Surroundings} where
 */
function named({ setting, folder, home }) {
  const filled = setting.replaceAll("${workspaceFolder}", folder ?? "").replace(/^~(?=\/|$)/, home);
  return path.isAbsolute(filled) ? filled : path.resolve(folder ?? home, filled);
}

/**
 * Where the program may be, the likeliest first.
 * @param {Surroundings} where
 */
function candidates(where) {
  const folders = (where.path ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  folders.push(path.join(where.home, ".local/bin"), path.join(where.home, ".cargo/bin"));
  if (where.python) folders.push(path.dirname(where.python));
  if (where.folder) folders.push(path.join(where.folder, ".venv/bin"));
  return [...new Set(folders)].map((folder) => path.join(folder, "perilune"));
}

/**
 * Finds the program. The setting, where there is one, has the only word.
 * @param {Surroundings} where
 * @param {Asking} ask
 * @returns {Promise<Found>}
 */
async function find(where, ask = asking) {
  if (where.setting) {
    const program = named(where);
    if (!(await ask.exists(program))) {
      return { problem: `The setting perilune.path names ${program}, where there is no program.` };
    }
    if (!(await ask.debugs(program))) {
      return { problem: `${program}, which the setting perilune.path names, is too old to debug, or no perilune.` };
    }
    return { program };
  }
  let old;
  for (const program of candidates(where)) {
    if (!(await ask.exists(program))) continue;
    if (await ask.debugs(program)) return { program };
    old ??= program;
  }
  if (old) return { problem: `${old} is too old to debug. Install a newer perilune.` };
  return {
    problem: "The program perilune is not on PATH, nor in ~/.local/bin, ~/.cargo/bin or the Python environment.",
  };
}

module.exports = { candidates, find };
