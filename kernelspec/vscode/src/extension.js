// What VS Code starts.

const os = require("node:os");
const vscode = require("vscode");
const binary = require("./binary");
const configurations = require("./configurations");
const kernels = require("./kernels");
const { Notebooks } = require("./notebook/controller");

/** The interpreter that is chosen in the Python extension, where there is one. */
async function python() {
  const extension = vscode.extensions.getExtension("ms-python.python");
  try {
    const api = await extension?.activate();
    const environment = await api?.environments?.resolveEnvironment(api.environments.getActiveEnvironmentPath());
    return environment?.executable?.uri?.fsPath;
  } catch {
    // Without Python there are other places.
    return undefined;
  }
}

/**
 * Finds perilune, or tells the person why it cannot.
 * @returns {Promise<string | undefined>}
 */
async function findProgram() {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const found = await binary.find({
    setting: vscode.workspace.getConfiguration("perilune").get("path", "").trim(),
    folder: folder?.scheme === "file" ? folder.fsPath : undefined,
    home: os.homedir(),
    path: process.env.PATH,
    python: await python(),
  });
  if ("program" in found) return found.program;
  explain(found.problem);
  return undefined;
}

/** @param {string} problem */
async function explain(problem) {
  const [settings, how] = ["Open Setting", "How to Install"];
  const choice = await vscode.window.showErrorMessage(problem, settings, how);
  if (choice === settings) {
    // The setting is the machine's: that of a remote one is not among the person's own.
    const where = vscode.env.remoteName === undefined ? "openSettings" : "openRemoteSettings";
    vscode.commands.executeCommand(`workbench.action.${where}`, { query: "perilune.path" });
  }
  // The page of this extension says it.
  if (choice === how) vscode.commands.executeCommand("extension.open", "perilune.perilune");
}

/**
 * Runs the file of an editor.
 * @param {vscode.Uri | undefined} uri
 * @param {boolean} noDebug
 */
async function start(uri, noDebug) {
  const file = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (!file) return;
  await vscode.workspace.textDocuments.find((document) => document.uri.toString() === file.toString())?.save();
  await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(file), configurations.file(file), { noDebug });
}

async function pickKernel() {
  const program = await findProgram();
  return program && (await kernels.pick(program));
}

/** @param {vscode.ExtensionContext} context */
function activate(context) {
  const notebooks = new Notebooks(findProgram);
  const provider = new configurations.Configurations(findProgram);
  const { Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
  /** @param {vscode.NotebookCell | undefined} cell */
  const chosen = (cell) => {
    const editor = vscode.window.activeNotebookEditor;
    return cell ?? editor?.notebook.cellAt(editor.selection.start);
  };
  const notebook = () => vscode.window.activeNotebookEditor?.notebook;
  /** @type {Record<string, (...parameters: any[]) => unknown>} */
  const commands = {
    "perilune.debugFile": (uri) => start(uri, false),
    "perilune.runFile": (uri) => start(uri, true),
    "perilune.pickKernel": pickKernel,
    "perilune.attach": async () => {
      const kernel = await pickKernel();
      if (kernel) await vscode.debug.startDebugging(undefined, configurations.attach(kernel));
    },
    "perilune.notebook.debugCell": async (given) => {
      const cell = chosen(given);
      if (cell) await notebooks.debug(cell);
    },
    "perilune.notebook.restart": async () => {
      const open = notebook();
      if (open) await notebooks.session(open).restart();
    },
    "perilune.notebook.connect": async () => {
      const open = notebook();
      const kernel = open && (await pickKernel());
      if (kernel) await notebooks.session(open).connect(kernel);
    },
  };
  context.subscriptions.push(
    notebooks,
    vscode.debug.registerDebugConfigurationProvider("perilune", provider),
    vscode.debug.registerDebugConfigurationProvider("perilune", provider, Dynamic),
    vscode.debug.registerDebugAdapterDescriptorFactory("perilune", {
      async createDebugAdapterDescriptor({ configuration }) {
        if (configuration.cell) {
          return new vscode.DebugAdapterInlineImplementation(await notebooks.adapter(configuration.cell));
        }
        const program = await findProgram();
        if (!program) throw new Error("There is no perilune to debug with.");
        return new vscode.DebugAdapterExecutable(program, ["dap"]);
      },
    }),
    ...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run)),
  );
}

module.exports = { activate };
