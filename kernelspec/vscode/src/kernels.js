// The kernels that run, for whoever wants one of them.

const { execFile } = require("node:child_process");
const vscode = require("vscode");

/**
 * A kernel as `perilune kernel list --json` tells of it.
 * @typedef {{name: string, state: string, activity: string | null, implementation: string | null, pid: number | null}} Kernel
 */

/**
 * The kernels in what `perilune kernel list --json` printed that can be debugged.
 * @param {string} json
 * @returns {Kernel[]}
 */
function running(json) {
  return JSON.parse(json).kernels.filter((/** @type {Kernel} */ { state }) => state === "running");
}

/**
 * Asks for the kernels that run.
 * @param {string} program perilune
 * @returns {Promise<Kernel[]>}
 */
function list(program) {
  return new Promise((resolve, reject) => {
    execFile(program, ["kernel", "list", "--json"], { timeout: 20_000 }, (_, stdout, stderr) => {
      // It may fail for one kernel and still tell of the others.
      try {
        resolve(running(stdout));
      } catch {
        reject(new Error(stderr.trim() || "perilune kernel list did not answer"));
      }
    });
  });
}

/**
 * Lets the person choose among the kernels that run.
 * @param {string} program perilune
 * @returns {Promise<string | undefined>} the name of one
 */
async function pick(program) {
  const kernels = await list(program);
  if (kernels.length === 0) {
    vscode.window.showInformationMessage("No kernel runs. Start one with: perilune kernel start --daemon");
    return undefined;
  }
  const choices = kernels.map(({ name, activity, pid }) => ({
    label: name,
    description: [activity, pid === null ? null : `process ${pid}`].filter(Boolean).join(", "),
  }));
  const chosen = await vscode.window.showQuickPick(choices, { title: "Kernels that run", placeHolder: "Which kernel?" });
  return chosen?.label;
}

module.exports = { list, pick };
