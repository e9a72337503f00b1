// What is debugged when nothing is written into launch.json, and what launch.json leaves out.

const path = require("node:path");
const vscode = require("vscode");
const kernels = require("./kernels");

/** @implements {vscode.DebugConfigurationProvider} */
class Configurations {
  #findProgram;

  /** @param {() => Promise<string | undefined>} findProgram finds perilune, or says why it cannot */
  constructor(findProgram) {
    this.#findProgram = findProgram;
  }

  /**
   * Of F5 without launch.json there is nothing in the configuration.
   * @param {vscode.WorkspaceFolder | undefined} folder
   * @param {vscode.DebugConfiguration} configuration
   */
  async resolveDebugConfiguration(folder, configuration) {
    if (!configuration.type && !configuration.request && !configuration.name) {
      const document = vscode.window.activeTextEditor?.document;
      if (document?.languageId !== "lua") return undefined;
      Object.assign(configuration, file(document.uri));
    }
    if (configuration.request === "launch" && !configuration.cell && !configuration.program) {
      vscode.window.showErrorMessage(`The configuration ${configuration.name} names no program.`);
      return undefined;
    }
    configuration.cwd ??= configuration.request === "launch" && folder ? folder.uri.fsPath : undefined;
    // Without a program the session would begin and fail in words of VS Code's.
    return (await this.#findProgram()) ? configuration : undefined;
  }

  /**
   * What the list of configurations offers beside those of launch.json.
   * @returns {Promise<vscode.DebugConfiguration[]>}
   */
  async provideDebugConfigurations() {
    const document = vscode.window.activeTextEditor?.document;
    const open = document?.languageId === "lua" && document.uri.scheme === "file" ? [file(document.uri)] : [];
    const program = await this.#findProgram();
    const attached = program ? (await kernels.list(program)).map(({ name }) => attach(name)) : [];
    return [...open, ...attached];
  }
}

/**
 * @param {vscode.Uri} uri
 * @returns {vscode.DebugConfiguration}
 */
function file(uri) {
  const name = `Lua: ${path.basename(uri.fsPath)}`;
  return { type: "perilune", request: "launch", name, program: uri.fsPath };
}

/**
 * @param {string} kernel
 * @returns {vscode.DebugConfiguration}
 */
function attach(kernel) {
  return { type: "perilune", request: "attach", name: `Lua: kernel ${kernel}`, kernel };
}

module.exports = { Configurations, attach, file };
